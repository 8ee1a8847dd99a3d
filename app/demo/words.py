"""Names, streets and towns of the sample. Nobody in particular."""

WOMEN = (
    "Ana", "Lucía", "Marta", "Carmen", "Elena", "Pilar", "Rosa", "Beatriz", "Nuria", "Silvia", "Teresa", "Inés",
    "Raquel", "Cristina", "Amparo", "Julia", "Sonia", "Esther", "Alicia", "Yolanda", "Montserrat", "Begoña",
)  # fmt: skip
MEN = (
    "Javier", "Carlos", "Miguel Ángel", "José Luis", "Antonio", "Manuel", "Pablo", "Andrés", "Sergio", "Rubén", "Óscar",
    "Íñigo", "Fernando", "Raúl", "Tomás", "Germán", "Joaquín", "Ignacio", "Héctor", "Rafael", "Mohamed", "Mihai",
)  # fmt: skip
SURNAMES = (
    "García", "Martín", "Sanz", "Ortega", "Núñez", "Peña", "Ibáñez", "Gómez", "Vidal", "Roca", "Merino", "Castaño",
    "Lago", "Prieto", "Cuesta", "Bermejo", "Olmedo", "Redondo", "Pastor", "Lozano", "Gallego", "Herrero", "Benítez",
    "Aguirre", "Zubeldia", "Ferrer", "Puig", "Quintana", "Escudero", "Marín", "Del Río", "De la Fuente", "Ayuso",
    "Carrasco", "Villalba", "Hidalgo", "Santos", "Fuentes", "Arias", "Moya", "Rivas", "Valverde", "Soler", "Toledano",
)  # fmt: skip
STREETS = (
    "C/ Alcalá", "C/ Tejedores", "C/ Embajadores", "C/ Real", "C/ Mayor", "C/ del Olmo", "C/ Doctor Esquerdo",
    "Avda. de la Albufera", "Avda. de Europa", "Avda. de la Constitución", "Avda. del Mediterráneo",
    "Paseo de las Delicias",
    "Paseo de Extremadura", "Plaza de España", "Plaza de la Villa", "Ronda de Segovia", "Camino de los Vinateros",
    "C/ San Sebastián", "C/ Cuatro Amigos", "C/ Padre Claret", "C/ Sierra de Gredos", "C/ Ebanistas", "C/ Azorín",
    "Travesía del Molino", "C/ Virgen de la Paz", "C/ Pintor Rosales", "C/ Luis Buñuel", "C/ Cervantes",
)  # fmt: skip
# Postcode, town, province.
TOWNS = (
    *((code, "Madrid", "Madrid") for code in (
        "28003", "28005", "28007", "28012", "28015", "28019", "28025", "28028", "28037", "28041", "28045", "28053",
    )),
    ("28500", "Arganda del Rey", "Madrid"), ("28521", "Rivas-Vaciamadrid", "Madrid"),
    ("28802", "Alcalá de Henares", "Madrid"), ("28850", "Torrejón de Ardoz", "Madrid"),
    ("28820", "Coslada", "Madrid"), ("28901", "Getafe", "Madrid"), ("28911", "Leganés", "Madrid"),
    ("28931", "Móstoles", "Madrid"), ("28341", "Valdemoro", "Madrid"), ("28300", "Aranjuez", "Madrid"),
    ("19004", "Guadalajara", "Guadalajara"), ("45200", "Illescas", "Toledo"), ("40005", "Segovia", "Segovia"),
)  # fmt: skip
# What a company does, and the start of its name.
TRADES = (
    "Reformas", "Construcciones", "Promociones", "Talleres", "Panadería", "Clínica Dental", "Restaurante", "Hotel",
    "Transportes", "Imprenta", "Academia", "Inmobiliaria", "Carpintería", "Climatización", "Gestoría", "Óptica",
    "Autoescuela", "Cafetería", "Logística", "Laboratorio", "Gimnasio", "Rótulos", "Muebles", "Frigoríficos",
)  # fmt: skip
SHOPS = ("Ferretería", "Electrodomésticos", "Bazar", "Iluminación", "Droguería", "Lámparas", "Menaje", "Suministros")
PROPER = (
    "Arganda", "Ródano", "Merino", "Tres Cantos", "La Dehesa", "Vallecas", "Jarama", "Henares", "Mirasierra", "Cibeles",
    "El Olivar", "Los Llanos", "Santa Eugenia", "Pacífico", "La Encina", "Montecarmelo", "San Fermín", "Entrevías",
    "Manzanares", "Atocha", "Campo Real", "Velilla", "Los Ángeles", "La Elipa", "Moratalaz", "Las Suertes", "Vicálvaro",
    "Peñagrande", "Tetuán", "El Pardo", "Loeches", "Perales", "Tielmes", "Nuevo Baztán", "Valdilecha", "Chinchón",
)  # fmt: skip
SUPPLIERS = (
    "Distribuciones Eléctricas Jarama, S.A.", "Almacenes Voltia, S.L.", "Cables del Henares, S.A.",
    "Iluminación Técnica Lúmina, S.L.", "Cuadros y Envolventes Ródano, S.L.", "Herramientas Olmedo, S.L.",
    "Mecanismos del Sur, S.A.", "Telecomunicaciones Antena Norte, S.L.", "Bandejas Portacables Ibérica, S.A.",
    "Climatización Cierzo, S.L.", "Fotovoltaica Solana, S.L.", "Recarga Móvil 360, S.L.", "Ropa Laboral Castaño, S.L.",
    "Alquiler de Plataformas Vértice, S.L.", "Combustibles La Dehesa, S.L.", "Gestoría Bermejo y Asociados, S.L.P.",
    "Seguros Quintana, Correduría, S.L.", "Papelería Cuatro Amigos, S.L.", "Telefonía Aurora, S.A.",
    "Laboratorio de Ensayos Dieléctricos, S.L.",
)  # fmt: skip
