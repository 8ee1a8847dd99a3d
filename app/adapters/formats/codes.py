"""Code lists of Facturae and UBL, in the words an invoice shows.

The words are kept with the invoice, which is in Spanish: they are not screen texts and are not translated.
"""

from functools import lru_cache

from babel.core import Locale, get_global

from models.enums import PaymentMethod, TaxKind

FACTURAE_TAXES = {
    "01": (TaxKind.VAT, "IVA"),
    "02": (TaxKind.IPSI, "IPSI"),
    "03": (TaxKind.IGIC, "IGIC"),
    "04": (TaxKind.OTHER, "IRPF"),
    "05": (TaxKind.OTHER, "Otro impuesto"),
    "06": (TaxKind.OTHER, "ITP y AJD"),
    "07": (TaxKind.OTHER, "Impuestos especiales"),
    "08": (TaxKind.OTHER, "Renta de aduanas"),
    "09": (TaxKind.OTHER, "IGTECM"),
    "10": (TaxKind.OTHER, "Impuesto canario sobre combustibles"),
    "11": (TaxKind.OTHER, "Impuesto ambiental de las Illes Balears"),
    "12": (TaxKind.OTHER, "ICIO"),
    "13": (TaxKind.OTHER, "Impuesto navarro sobre viviendas desocupadas"),
    "14": (TaxKind.OTHER, "Impuesto navarro sobre solares"),
    "15": (TaxKind.OTHER, "Impuesto navarro sobre gastos suntuarios"),
    "16": (TaxKind.OTHER, "Impuesto navarro sobre publicidad"),
    "17": (TaxKind.OTHER, "IVA de agencias de viajes"),
    "18": (TaxKind.OTHER, "IGIC de agencias de viajes"),
    "19": (TaxKind.OTHER, "IPSI de agencias de viajes"),
    "20": (TaxKind.OTHER, "Impuesto sobre primas de seguros"),
    "21": (TaxKind.OTHER, "Recargo para la liquidación de aseguradoras"),
    "22": (TaxKind.OTHER, "Impuesto sobre la producción de energía eléctrica"),
    "23": (TaxKind.OTHER, "Impuesto sobre combustible nuclear gastado"),
    "24": (TaxKind.OTHER, "Impuesto sobre almacenamiento de residuos nucleares"),
    "25": (TaxKind.OTHER, "Impuesto sobre depósitos bancarios"),
    "26": (TaxKind.OTHER, "Impuesto canario sobre el tabaco"),
    "27": (TaxKind.OTHER, "Impuesto sobre gases fluorados"),
    "28": (TaxKind.OTHER, "IRNR"),
    "29": (TaxKind.OTHER, "Impuesto sobre Sociedades"),
}

FACTURAE_UNITS = {
    "01": "ud.", "02": "h", "03": "kg", "04": "l", "05": "", "06": "cajas", "07": "bandejas", "08": "barriles",
    "09": "bidones", "10": "bolsas", "11": "bombonas", "12": "botellas", "13": "botes", "14": "tetrabriks",
    "15": "cl", "16": "cm", "17": "cubos", "18": "docenas", "19": "estuches", "20": "garrafas", "21": "g",
    "22": "km", "23": "latas", "24": "manojos", "25": "m", "26": "mm", "27": "packs de 6", "28": "paquetes",
    "29": "raciones", "30": "rollos", "31": "sobres", "32": "tarrinas", "33": "m³", "34": "s", "35": "W",
    "36": "kWh",
}  # fmt: skip

FACTURAE_PAYMENT = {
    "01": (PaymentMethod.CASH, "Al contado"),
    "02": (PaymentMethod.DIRECT_DEBIT, "Recibo domiciliado"),
    "03": (PaymentMethod.OTHER, "Recibo"),
    "04": (PaymentMethod.TRANSFER, "Transferencia"),
    "05": (PaymentMethod.OTHER, "Letra aceptada"),
    "06": (PaymentMethod.OTHER, "Crédito documentario"),
    "07": (PaymentMethod.OTHER, "Contrato de adjudicación"),
    "08": (PaymentMethod.OTHER, "Letra de cambio"),
    "09": (PaymentMethod.OTHER, "Pagaré a la orden"),
    "10": (PaymentMethod.OTHER, "Pagaré no a la orden"),
    "11": (PaymentMethod.CHEQUE, "Cheque"),
    "12": (PaymentMethod.OTHER, "Reposición"),
    "13": (PaymentMethod.OTHER, "Especiales"),
    "14": (PaymentMethod.OTHER, "Compensación"),
    "15": (PaymentMethod.OTHER, "Giro postal"),
    "16": (PaymentMethod.CHEQUE, "Cheque conformado"),
    "17": (PaymentMethod.CHEQUE, "Cheque bancario"),
    "18": (PaymentMethod.CASH, "Contra reembolso"),
    "19": (PaymentMethod.CARD, "Tarjeta"),
}

FACTURAE_CENTRES = {
    "01": "Oficina contable",
    "02": "Órgano gestor",
    "03": "Unidad tramitadora",
    "04": "Órgano proponente",
}

UBL_CATEGORIES = {
    "S": (TaxKind.VAT, ""),
    "Z": (TaxKind.VAT, ""),
    "E": (TaxKind.VAT, "IVA exento"),
    "AE": (TaxKind.VAT, "IVA, inversión del sujeto pasivo"),
    "K": (TaxKind.VAT, "IVA, entrega intracomunitaria exenta"),
    "G": (TaxKind.VAT, "IVA, exportación exenta"),
    "O": (TaxKind.VAT, "No sujeto a IVA"),
    "L": (TaxKind.IGIC, ""),
    "M": (TaxKind.IPSI, ""),
}

UBL_EXEMPTIONS = {
    "VATEX-EU-AE": "Inversión del sujeto pasivo",
    "VATEX-EU-IC": "Entrega intracomunitaria exenta",
    "VATEX-EU-G": "Exportación exenta",
    "VATEX-EU-O": "Operación no sujeta",
    "VATEX-EU-D": "Régimen especial de las agencias de viajes",
    "VATEX-EU-F": "Régimen especial de los bienes usados",
    "VATEX-EU-I": "Régimen especial de los objetos de arte",
    "VATEX-EU-J": "Régimen especial de las antigüedades y objetos de colección",
}

UBL_UNITS = {
    "C62": "ud.", "EA": "ud.", "H87": "ud.", "NAR": "ud.", "XPP": "ud.", "HUR": "h", "MIN": "min", "SEC": "s",
    "DAY": "días", "WEE": "semanas", "MON": "meses", "ANN": "años", "KGM": "kg", "GRM": "g", "TNE": "t",
    "LTR": "l", "CLT": "cl", "MLT": "ml", "MTR": "m", "CMT": "cm", "MMT": "mm", "KMT": "km", "MTK": "m²",
    "MTQ": "m³", "KWH": "kWh", "MWH": "MWh", "DZN": "docenas", "SET": "juegos", "PR": "pares", "P1": "%",
    "XBX": "cajas", "BX": "cajas", "XPK": "paquetes", "PK": "paquetes", "XBG": "bolsas", "XPA": "paquetes",
    "XPX": "palés", "ZZ": "", "XUN": "ud.",
}  # fmt: skip

UBL_PAYMENT = {
    "10": (PaymentMethod.CASH, "Efectivo"),
    "20": (PaymentMethod.CHEQUE, "Cheque"),
    "23": (PaymentMethod.CHEQUE, "Cheque bancario"),
    "25": (PaymentMethod.CHEQUE, "Cheque conformado"),
    "30": (PaymentMethod.TRANSFER, "Transferencia"),
    "31": (PaymentMethod.TRANSFER, "Transferencia"),
    "42": (PaymentMethod.TRANSFER, "Ingreso en cuenta"),
    "48": (PaymentMethod.CARD, "Tarjeta"),
    "49": (PaymentMethod.DIRECT_DEBIT, "Recibo domiciliado"),
    "54": (PaymentMethod.CARD, "Tarjeta de crédito"),
    "55": (PaymentMethod.CARD, "Tarjeta de débito"),
    "57": (PaymentMethod.OTHER, "Según acuerdo"),
    "58": (PaymentMethod.TRANSFER, "Transferencia SEPA"),
    "59": (PaymentMethod.DIRECT_DEBIT, "Adeudo directo SEPA"),
    "60": (PaymentMethod.OTHER, "Pagaré"),
    "68": (PaymentMethod.OTHER, "Pago en línea"),
    "97": (PaymentMethod.OTHER, "Compensación"),
}

# UNTDID 1001: what gives money back, and what replaces an invoice.
CREDIT_TYPES = {"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"}
CORRECTED_TYPES = {"384", "471"}
SELF_BILLED_TYPES = {"261", "389", "527"}


@lru_cache
def country(code: str) -> str:
    """Two letters for a country given with two or three; nothing for what is no country."""
    code = code.strip().upper()
    if len(code) == 3:
        code = next(iter(get_global("territory_aliases").get(code, ())), "")
    code = {"EL": "GR", "UK": "GB"}.get(code, code)
    return code if len(code) == 2 and code in Locale("es").territories else ""
