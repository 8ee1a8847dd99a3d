"""What is invoiced: jobs as an electrician writes them down, and the lines of one of them."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from app.demo.catalogue import Article
from app.demo.dice import Dice
from app.money import cents
from models import DocumentLine
from models.enums import TaxKind

GENERAL, REDUCED, NOTHING = Decimal(21), Decimal(10), Decimal(0)
SURCHARGES = {GENERAL: Decimal("5.2"), REDUCED: Decimal("1.4"), NOTHING: Decimal(0)}
REVERSED = "Inversión del sujeto pasivo, art. 84 de la Ley 37/1992"
INTRA_EU = "Operación exenta de IVA, art. 25 de la Ley 37/1992"


class Job(Struct, frozen=True):
    """``parts``: codes, or the beginnings of codes to choose among, with the least and the most of each."""

    subject: str
    parts: tuple[tuple[str, int, int], ...]


MONTHLY = {
    "community": Job("Mantenimiento mensual de zonas comunes", (("MT-COM", 1, 1), ("LU-LED13", 0, 3))),
    "company": Job("Mantenimiento mensual", (("MT-LOC", 1, 1), ("VR-ELE09", 0, 1))),
    "builder": Job("Mantenimiento mensual de nave", (("MT-NAV", 1, 1),)),
}
HOME = (
    Job("Avería eléctrica en vivienda", (("MO-URG", 1, 3), ("DS-URB", 1, 1), ("MG-2P", 1, 2), ("VR-ELE09", 1, 1))),
    Job("Renovación del cuadro eléctrico", (
        ("MO-OF1", 4, 8), ("CU-EMP", 1, 1), ("DF-2P", 1, 2), ("MG-2P", 4, 9), ("VR-ELE05", 1, 1), ("TR-CIE", 1, 1),
    )),
    Job("Reforma de la instalación de vivienda", (
        ("MO-OF1", 16, 48), ("MO-AYU", 16, 40), ("CB-H07", 100, 400), ("TB-COR", 60, 180), ("MC-BAS", 12, 40),
        ("CU-EMP", 1, 1), ("MG-2P", 6, 10), ("TR-CIE", 1, 1),
    )),
    Job("Iluminación LED de vivienda", (("MO-OF2", 3, 8), ("LU-LED03", 6, 24), ("LU-LED08", 3, 12), ("DS-URB", 1, 1))),
    Job("Punto de recarga en plaza de garaje", (
        ("RC-VE01", 1, 1), ("RC-VE03", 1, 1), ("CB-RZ3", 15, 40), ("TB-RIG", 15, 40), ("MO-OF1", 6, 10),
        ("TR-CIE", 1, 1),
    )),
)  # fmt: skip
COMMUNITY = (
    Job("Sustitución de luminarias del garaje por LED", (("LU-LED02", 8, 40), ("MO-OF2", 6, 18), ("MO-AYU", 6, 18))),
    Job("Avería en el alumbrado de la escalera", (("MO-OF1", 1, 3), ("VR-ELE04", 1, 2), ("LU-LED13", 2, 8))),
    Job("Revisión de extracción y detección del garaje", (("MT-GAR", 1, 1), ("VR-ELE11", 0, 1))),
    Job("Renovación del videoportero", (("TE-VAR02", 1, 1), ("TE-VAR01", 8, 24), ("MO-OF1", 12, 30),
        ("TE-VAR04", 80, 200))),
    Job("Inspección periódica de la instalación", (("TR-OCA", 1, 1), ("TR-TIE", 1, 2), ("MO-OF1", 2, 4))),
    Job("Preinstalación de recarga de vehículos", (
        ("CU-MET", 1, 1), ("CB-RZ5", 30, 90), ("BJ-REJ", 30, 80), ("RC-VE04", 2, 8), ("MO-OF1", 16, 40),
        ("MO-AYU", 16, 40),
    )),
)  # fmt: skip
COMPANY = (
    Job("Alumbrado LED de nave", (("LU-LED06", 8, 30), ("MO-OF1", 10, 24), ("MO-AYU", 10, 24), ("AL-PLA", 1, 4))),
    Job("Ampliación de cuadro y líneas de fuerza", (
        ("MG-4P", 2, 6), ("DF-4P", 1, 3), ("CB-RZ5", 25, 120), ("BJ-REJ", 12, 60), ("MO-OF1", 8, 24),
    )),
    Job("Adecuación eléctrica de oficina", (
        ("LU-LED01", 6, 24), ("CN-PVC", 10, 40), ("MC-BAS", 10, 36), ("TE-VAR04", 100, 400), ("MO-OF1", 12, 32),
        ("MO-AYU", 12, 32),
    )),
    Job("Avería en instalación de fuerza", (("MO-URG", 2, 6), ("DS-KM", 12, 80), ("VR-ELE01", 1, 3),
        ("VR-ELE09", 1, 2))),
    Job("Estudio termográfico y apriete de cuadros", (("TR-TER", 1, 1), ("MO-OF1", 3, 8))),
    Job("Instalación fotovoltaica de autoconsumo", (
        ("FV-SOL01", 8, 24), ("FV-SOL02", 1, 1), ("FV-SOL04", 8, 24), ("FV-SOL05", 40, 120), ("MO-OF1", 20, 40),
        ("MO-AYU", 20, 40), ("TR-MTD", 1, 1), ("TR-CIE", 1, 1),
    )),
    Job("Puntos de recarga para flota", (("RC-VE02", 1, 3), ("RC-VE06", 1, 3), ("CB-RZ5", 20, 60), ("MO-OF1", 8, 20))),
    Job("Videovigilancia y red de datos", (("TE-VAR07", 2, 8), ("TE-VAR06", 1, 1), ("TE-VAR05", 1, 1),
        ("MO-OF1", 6, 16))),
)  # fmt: skip
SUPPLY = (
    Job("Suministro de material de iluminación", (("LU-LED", 4, 40), ("LU-LED", 4, 40), ("LU-LED", 2, 20))),
    Job("Suministro de mecanismos", (("MC-BAS", 10, 80), ("MC-BAS", 10, 80), ("VR-ELE07", 10, 60))),
    Job("Suministro de cable", (("CB-H07", 200, 900), ("CB-RZ3", 50, 300), ("TB-COR", 100, 500))),
)
BUILDING = (
    Job("Instalación eléctrica de obra nueva, certificación parcial", (
        ("MO-OF1", 40, 120), ("MO-AYU", 40, 120), ("CB-H07", 400, 1200), ("TB-COR", 300, 900), ("MC-BAS", 40, 160),
        ("CU-EMP", 4, 12), ("MG-2P", 20, 60),
    )),
    Job("Cuadro y acometida provisional de obra", (("CU-MET", 1, 1), ("DF-4P", 1, 2), ("MG-4P", 2, 4),
        ("MO-OF1", 6, 12))),
)  # fmt: skip
RENT = Job("Alquiler de media nave industrial", (("AL-NAV", 1, 1),))
Jobs = dict[str, tuple[Job, ...]]
JOBS: Jobs = {
    "person": HOME,
    "community": COMMUNITY,
    "company": COMPANY,
    "shop": SUPPLY,
    "builder": BUILDING,
    "public": COMPANY,
    "abroad": SUPPLY,
}

_STUDIES = (
    Job("Proyecto de instalación eléctrica en baja tensión", (("MO-ING", 20, 60), ("TR-MTD", 1, 1))),
    Job("Dirección de obra", (("MO-ING", 6, 24), ("DS-KM", 20, 120))),
    Job("Estudio termográfico de cuadros", (("TR-TER", 1, 3),)),
    Job("Tramitación de inspección periódica", (("TR-OCA", 1, 2), ("MO-ING", 2, 5))),
)
ENGINEERING: Jobs = {"company": _STUDIES, "community": _STUDIES}

# What is bought of whom, by the beginning of their names.
PURCHASES: dict[str, Job] = {
    "Distribuciones Eléctricas Jarama": Job("Reposición de almacén", (
        ("CB-H07", 200, 800), ("MG-2P", 10, 40), ("TB-COR", 100, 400), ("VR-ELE07", 20, 80),
    )),
    "Almacenes Voltia": Job("Material para obra", (("CB-RZ3", 50, 200), ("MC-BAS", 20, 90), ("CU-EMP", 2, 8))),
    "Cables del Henares": Job("Reposición de cable", (("CB-H07", 400, 1500), ("CB-RZ3", 100, 400), ("CB-RZ5", 50, 90))),
    "Iluminación Técnica Lúmina": Job("Luminarias", (("LU-LED", 10, 60), ("LU-LED", 6, 30))),
    "Cuadros y Envolventes Ródano": Job("Cuadros y envolventes", (("CU-MET", 1, 4), ("CU-EMP", 3, 9), ("DF-4P", 2, 6))),
    "Mecanismos del Sur": Job("Mecanismos", (("MC-BAS", 40, 160), ("MC-BAS", 20, 80))),
    "Telecomunicaciones Antena Norte": Job("Porteros y redes", (("TE-VAR", 1, 6), ("TE-VAR04", 200, 600))),
    "Bandejas Portacables Ibérica": Job("Bandejas y canales", (("BJ-REJ", 30, 120), ("CN-PVC", 20, 80))),
    "Fotovoltaica Solana": Job("Placas solares", (("FV-SOL01", 10, 30), ("FV-SOL02", 1, 2), ("FV-SOL04", 9, 30))),
    "Recarga Móvil 360": Job("Puntos de recarga", (("RC-VE01", 1, 4), ("RC-VE03", 1, 4))),
}  # fmt: skip
COST = Decimal("0.62")


class Workshop:
    """Turns jobs into lines with the articles of the catalogue."""

    def __init__(self, dice: Dice, articles: list[Article]) -> None:
        self.dice = dice
        self._by_code = {article.code: article for article in articles}

    def lines(self, company_id: int, job: Job, segment: str, has_surcharge: bool) -> list[DocumentLine]:
        return [
            self._line(company_id, article, quantity, segment, has_surcharge) for article, quantity in self._needed(job)
        ]

    def goods(self, company_id: int, job: Job) -> list[DocumentLine]:
        """The lines of a job, at what they cost."""
        lines = self.lines(company_id, job, "supplier", has_surcharge=False)
        for line in lines:
            line.unit_price = cents(line.unit_price * COST)
        return lines

    def _needed(self, job: Job) -> Iterator[tuple[Article, Decimal]]:
        used = set()
        for code, least, most in job.parts:
            quantity = self.dice.randint(least, most)
            article = self._choose(code)
            if quantity and article.code not in used:
                used.add(article.code)
                halves = article.is_labour and article.code.startswith("MO-") and self.dice.happens(0.3)
                yield article, quantity + (Decimal("0.5") if halves else Decimal(0))

    def _choose(self, code: str) -> Article:
        if code in self._by_code:
            return self._by_code[code]
        return self._by_code[self.dice.choice([known for known in self._by_code if known.startswith(code)])]

    def _line(
        self, company_id: int, article: Article, quantity: Decimal, segment: str, has_surcharge: bool
    ) -> DocumentLine:
        rate, exemption = _tax(segment, article)
        discount = self.dice.one([(0, 82), (5, 9), (10, 6), (15, 3)]) if not article.is_labour else 0
        return DocumentLine(
            company_id=company_id,
            code=article.code,
            concept=article.name,
            quantity=quantity,
            unit_price=article.price,
            discount_rate=Decimal(discount),
            tax_kind=TaxKind.VAT,
            tax_rate=rate,
            surcharge_rate=SURCHARGES[rate] if has_surcharge else NOTHING,
            exemption=exemption,
        )


def _tax(segment: str, article: Article) -> tuple[Decimal, str]:
    """Work on dwellings is reduced, building sites reverse the charge, goods to the rest of the Union are exempt."""
    if segment == "builder":
        return NOTHING, REVERSED
    if segment == "abroad":
        return NOTHING, INTRA_EU
    if segment == "person" and article.is_labour:
        return REDUCED, ""
    return GENERAL, ""
