"""The columns of our CSV: one row for each line of an invoice, or for each rate when there is no detail.

Rows with the same issuer, series and number are one invoice; what belongs to the whole invoice may be written on its
first row only. Headings are told apart without regard to case, accents or punctuation.
"""

import re
import unicodedata
from typing import NamedTuple


class Column(NamedTuple):
    name: str
    meaning: str
    aliases: tuple[str, ...] = ()


COLUMNS = (
    Column("emisor_nif", "NIF de quien expide; vacío, la empresa en la que se importa", ("nif_emisor", "cif_emisor")),
    Column("serie", "Serie de la factura"),
    Column("numero", "Número de la factura", ("num", "no", "no_factura", "num_factura", "numero_factura", "factura")),
    Column("fecha", "Fecha: 31/01/2026 o 2026-01-31", ("fecha_factura", "fecha_expedicion", "fecha_emision")),
    Column("fecha_operacion", "Fecha de la operación, si es otra"),
    Column("vencimiento", "Fecha de vencimiento", ("fecha_vencimiento",)),
    Column("cliente_nif", "NIF del cliente", ("nif", "cif", "nif_cif", "dni", "nif_cliente", "cif_cliente")),
    Column("cliente_nombre", "Nombre del cliente", ("cliente", "nombre", "razon_social", "nombre_cliente")),
    Column("cliente_direccion", "Dirección", ("direccion", "domicilio")),
    Column("cliente_cp", "Código postal", ("cp", "codigo_postal", "cliente_codigo_postal")),
    Column("cliente_ciudad", "Población", ("ciudad", "poblacion", "localidad", "cliente_poblacion")),
    Column("cliente_provincia", "Provincia", ("provincia",)),
    Column("cliente_pais", "País: ES, ESP o España", ("pais",)),
    Column("cliente_email", "Correo electrónico", ("email", "e_mail", "correo", "correo_electronico")),
    Column("cliente_telefono", "Teléfono", ("telefono", "tel")),
    Column("codigo", "Código del artículo", ("articulo", "referencia", "ref")),
    Column("concepto", "Concepto de la línea", ("descripcion", "detalle")),
    Column("cantidad", "Cantidad; vacía, 1", ("cant", "uds", "unidades")),
    Column("unidad", "Unidad: h, kg…"),
    Column("precio", "Precio de una unidad, sin impuestos", ("precio_unitario", "precio_unidad")),
    Column("descuento", "Descuento de la línea en tanto por ciento", ("dto", "descuento_porcentaje")),
    Column("importe", "Importe de la línea sin impuestos, si no se quiere calcular", ("importe_neto", "neto")),
    Column("base", "Base imponible de la fila, cuando no se detallan líneas", ("base_imponible",)),
    Column("impuesto", "IVA, IGIC o IPSI; vacío, IVA", ("tipo_impuesto",)),
    Column("iva", "Tipo en tanto por ciento, «exento» o «no sujeto»", ("tipo_iva", "igic", "ipsi", "iva_porcentaje")),
    Column("cuota", "Cuota del impuesto de la fila", ("cuota_iva", "importe_iva")),
    Column("recargo", "Recargo de equivalencia en tanto por ciento", ("re", "recargo_equivalencia", "tipo_recargo")),
    Column("cuota_recargo", "Cuota del recargo de la fila", ("importe_recargo",)),
    Column("irpf", "Retención en tanto por ciento", ("retencion", "tipo_irpf", "tipo_retencion")),
    Column("cuota_irpf", "Cuota retenida de la fila", ("importe_irpf", "importe_retencion", "cuota_retencion")),
    Column("exencion", "Motivo de la exención", ("motivo_exencion", "causa_exencion")),
    Column("total", "Total de la factura", ("total_factura", "importe_total")),
    Column("moneda", "Moneda; vacía, EUR", ("divisa",)),
    Column("forma_pago", "Forma de pago", ("forma_de_pago",)),
    Column("iban", "Cuenta en la que se paga", ("cuenta", "cuenta_bancaria")),
    Column("rectifica", "Número de la factura que rectifica", ("factura_rectificada",)),
    Column("motivo", "Motivo de la rectificación", ("motivo_rectificacion",)),
    Column("notas", "Observaciones", ("observaciones",)),
)  # fmt: skip

OBLIGATORY = ("numero", "fecha", "cliente_nombre", "iva")
ONE_OF = ("precio", "importe", "base")
WHOLE_INVOICE = (
    *("emisor_nif", "fecha", "fecha_operacion", "vencimiento", "total", "moneda", "forma_pago", "iban"),
    *("rectifica", "motivo"),
    *(column.name for column in COLUMNS if column.name.startswith("cliente_")),
)
NUMBERS = (
    *("cantidad", "precio", "descuento", "importe", "base", "iva", "cuota", "recargo", "cuota_recargo"),
    *("irpf", "cuota_irpf", "total"),
)

_NAMES = {alias: column.name for column in COLUMNS for alias in (column.name, *column.aliases)}


def column_named(heading: str) -> str | None:
    return _NAMES.get(folded(heading))


def folded(text: str) -> str:
    """Lower case, without accents or points, every run of anything but letters and digits as one underscore."""
    apart = unicodedata.normalize("NFKD", text[:100].replace(".", "")).casefold()
    plain = "".join(character for character in apart if not unicodedata.combining(character))
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
