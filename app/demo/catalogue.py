"""What an electrician sells: materials by family, labour, and the jobs that put them together."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct


class Article(Struct, frozen=True):
    code: str
    name: str
    price: Decimal
    is_labour: bool = False


LABOUR = (
    ("MO-OF1", "Hora de oficial de primera", "34.50"),
    ("MO-OF2", "Hora de oficial de segunda", "29.00"),
    ("MO-AYU", "Hora de ayudante", "23.50"),
    ("MO-URG", "Hora de oficial, urgencia o festivo", "52.00"),
    ("MO-ING", "Hora de técnico proyectista", "48.00"),
    ("DS-URB", "Desplazamiento urbano", "18.00"),
    ("DS-KM", "Kilómetro", "0.42"),
    ("TR-CIE", "Certificado de instalación eléctrica (boletín)", "95.00"),
    ("TR-MTD", "Memoria técnica de diseño", "180.00"),
    ("TR-OCA", "Gestión de inspección periódica (OCA)", "125.00"),
    ("TR-TER", "Estudio termográfico de cuadros", "220.00"),
    ("TR-TIE", "Medición de la resistencia de tierra", "60.00"),
    ("MT-COM", "Mantenimiento mensual de zonas comunes", "85.00"),
    ("MT-LOC", "Mantenimiento mensual de local comercial", "120.00"),
    ("MT-NAV", "Mantenimiento mensual de nave industrial", "260.00"),
    ("MT-GAR", "Revisión de extracción y detección de garaje", "140.00"),
    ("AL-NAV", "Alquiler mensual de media nave industrial", "950.00"),
    ("AL-PLA", "Alquiler de plataforma elevadora, día", "110.00"),
    ("AL-GRU", "Alquiler de grupo electrógeno, día", "145.00"),
)
# Code, name, and price of each size.
FAMILIES = (
    ("CB-H07", "Cable H07Z1-K (AS) 1×{} mm², metro", (
        ("1,5", "0.38"), ("2,5", "0.59"), ("4", "0.94"), ("6", "1.38"), ("10", "2.35"), ("16", "3.60"),
    )),
    ("CB-RZ3", "Cable RZ1-K (AS) 3G{} mm², metro", (
        ("1,5", "1.55"), ("2,5", "2.30"), ("4", "3.45"), ("6", "4.95"), ("10", "8.10"),
    )),
    ("CB-RZ5", "Cable RZ1-K (AS) 5G{} mm², metro", (
        ("2,5", "3.70"), ("4", "5.60"), ("6", "7.95"), ("10", "13.20"), ("16", "20.40"),
    )),
    ("MG-2P", "Magnetotérmico 2P {} A, curva C", (
        ("10", "11.20"), ("16", "11.20"), ("20", "11.60"), ("25", "12.10"), ("32", "14.80"), ("40", "18.90"),
    )),
    ("MG-4P", "Magnetotérmico 4P {} A, curva C", (("16", "38.00"), ("25", "39.50"), ("40", "49.90"), ("63", "72.00"))),
    ("DF-2P", "Interruptor diferencial 2P {}, 30 mA", (
        ("25 A clase AC", "26.50"), ("40 A clase AC", "28.90"), ("40 A clase A", "46.00"),
        ("40 A superinmunizado", "79.00"),
    )),
    ("DF-4P", "Interruptor diferencial 4P {}", (("40 A, 30 mA", "64.00"), ("63 A, 300 mA", "88.00"))),
    ("CU-EMP", "Cuadro empotrable de {} módulos", (("12", "22.00"), ("24", "39.00"), ("36", "58.00"), ("48", "79.00"))),
    ("CU-MET", "Armario metálico de {}", (("600×400×200 mm", "128.00"), ("800×600×250 mm", "215.00"))),
    ("TB-COR", "Tubo corrugado libre de halógenos ø{} mm, metro", (
        ("16", "0.46"), ("20", "0.58"), ("25", "0.84"), ("32", "1.25"),
    )),
    ("TB-RIG", "Tubo rígido enchufable ø{} mm, metro", (("20", "1.35"), ("25", "1.90"), ("32", "2.75"))),
    ("BJ-REJ", "Bandeja de rejilla {} mm, metro", (("60×100", "9.80"), ("60×200", "14.50"), ("60×300", "19.90"))),
    ("CN-PVC", "Canal de PVC blanca {} mm, metro", (("20×30", "2.40"), ("40×60", "5.10"), ("60×110", "9.60"))),
    ("MC-BAS", "{}, serie básica blanca", (
        ("Interruptor", "4.90"), ("Conmutador", "5.60"), ("Cruzamiento", "9.80"), ("Base de enchufe 16 A", "5.20"),
        ("Base doble con USB", "24.50"), ("Toma de TV", "8.90"), ("Toma RJ45 cat. 6", "11.90"), ("Pulsador", "5.30"),
        ("Regulador LED", "38.00"), ("Detector de movimiento", "42.00"),
    )),
    ("LU-LED", "{}", (
        ("Panel LED 60×60 cm, 40 W", "34.00"), ("Pantalla estanca LED 1,20 m, 36 W", "29.50"),
        ("Foco empotrable LED 9 W", "9.90"), ("Proyector LED 50 W", "27.00"), ("Proyector LED 150 W", "74.00"),
        ("Campana LED 150 W", "118.00"), ("Tubo LED 1,20 m, 18 W", "8.40"), ("Tira LED 24 V, metro", "7.80"),
        ("Aplique exterior LED 12 W", "31.00"), ("Farola LED 60 W", "189.00"),
        ("Luminaria de emergencia 200 lm", "32.00"),
        ("Luminaria de emergencia 500 lm estanca", "61.00"), ("Bombilla LED E27 10 W", "3.20"),
    )),
    ("RC-VE", "{}", (
        ("Punto de recarga monofásico 7,4 kW", "640.00"), ("Punto de recarga trifásico 22 kW", "1090.00"),
        ("Protector de sobretensiones para recarga", "118.00"), ("Contador secundario MID", "96.00"),
        ("Control dinámico de potencia", "165.00"), ("Poste para punto de recarga", "290.00"),
    )),
    ("FV-SOL", "{}", (
        ("Módulo fotovoltaico 450 W", "128.00"), ("Inversor híbrido 5 kW", "1180.00"),
        ("Batería de litio 5 kWh", "1640.00"),
        ("Estructura coplanar por módulo", "32.00"), ("Cable solar H1Z2Z2-K 6 mm², metro", "1.45"),
    )),
    ("TE-VAR", "{}", (
        ("Videoportero de una vivienda", "245.00"), ("Placa de calle de 12 pulsadores", "410.00"),
        ("Amplificador de antena", "135.00"), ("Cable UTP cat. 6 libre de halógenos, metro", "0.72"),
        ("Rack mural 9U", "139.00"), ("Conmutador de 24 bocas", "228.00"), ("Cámara IP exterior", "119.00"),
    )),
    ("VR-ELE", "{}", (
        ("Contactor modular 25 A", "27.50"), ("Reloj astronómico", "69.00"), ("Telerruptor", "21.00"),
        ("Automático de escalera", "24.00"), ("Protector de sobretensiones combinado", "84.00"),
        ("Pica de tierra 2 m", "14.90"),
        ("Caja de derivación estanca", "3.60"), ("Borna de carril, unidad", "1.10"), ("Pequeño material", "12.00"),
        ("Extractor de garaje", "480.00"), ("Central de detección de CO", "365.00"),
        ("Fuente de alimentación 24 V", "46.00"),
    )),
)  # fmt: skip


def articles() -> list[Article]:
    return list(_articles())


def _articles() -> Iterator[Article]:
    for code, name, price in LABOUR:
        yield Article(code, name, Decimal(price), is_labour=True)
    for code, name, sizes in FAMILIES:
        for number, (size, price) in enumerate(sizes, 1):
            yield Article(f"{code}{number:02d}", name.format(size), Decimal(price))
