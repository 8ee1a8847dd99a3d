"""What people in Spain put into a password first, roughly in order: what a list made of English leaks does not have."""

from app.domain.folding import fold

_WORDS = """
contrasena contrasenya contrasinal clave miclave micontrasena clavesecreta acceso entrar entrada usuario secreto secreta
hola holahola holamundo buenosdias adios cambiame cambiar prueba pruebas temporal seguridad sesamo abretesesamo
bienvenido bienvenida bienvenidos invitado administrador administracion admin ventanilla intranet oficina empresa
cliente clientes proveedor proveedores factura facturas facturacion presupuesto pedido pedidos albaran contabilidad
asesoria gestoria despacho trabajo tienda almacen taller ordenador internet correo banco dinero hacienda autonomo
tequiero tequieromucho tequieromas teamo teamomucho teadoro teextrano amor amorcito amormio miamor corazon vida mivida
cielo cielito cariño princesa princesita reina rey guapa guapo bonita hermosa preciosa bebe beba mama papa mimama mipapa
familia mifamilia hijo hija hijos hermano hermana abuela abuelo novio novia amigo amiga amigos amistad siempre juntos
parasiempre nuncamas libertad esperanza alegria felicidad feliz sonrisa suerte paz luz sol luna estrella estrellas
angel angelito angeles diosito jesus jesucristo dios diosesamor virgen macarena rocio pilar guadalupe montserrat fatima
mariposa mariposas flor flores rosa rosas girasol gato gatito gata perro perrito perra caballo toro torito leon tigre
lobo oso conejo raton pajarito tortuga delfin dragon chocolate galleta caramelo naranja limon fresa manzana platano
tomate patata paella tortilla jamon queso cerveza cafe verano invierno otono primavera navidad nochebuena vacaciones
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes martes miercoles jueves
viernes sabado domingo rojo azul verde amarillo negro blanco morado espana espanol espanola viva vivaespana europa
madrid barcelona valencia sevilla zaragoza malaga murcia palma mallorca bilbao alicante cordoba valladolid vigo gijon
hospitalet vitoria coruna granada elche oviedo terrassa badalona cartagena jerez sabadell mostoles santander almeria
pamplona leganes fuenlabrada getafe burgos salamanca albacete logrono badajoz huelva tarragona lleida girona leon cadiz
jaen ourense lugo pontevedra santiago segovia avila toledo cuenca guadalajara teruel huesca soria zamora palencia
caceres merida castellon gandia benidorm marbella torremolinos ceuta melilla tenerife laspalmas canarias baleares
andalucia cataluna catalunya galicia asturias euskadi navarra aragon extremadura castilla cantabria larioja
realmadrid halamadrid barca fcbarcelona viscabarca atletico atleti atleticodemadrid betis sevillafc athletic
realsociedad espanyol celta deportivo osasuna futbol baloncesto messi ronaldo cristiano iniesta ramos nadal alonso
antonio manuel jose francisco david juan javier daniel joseantonio franciscojavier jesus carlos alejandro miguel rafael
pedro pablo angel sergio fernando jorge luis alberto alvaro diego adrian juancarlos raul juanjose ivan enrique ruben
ramon vicente andres joaquin oscar santiago victor eduardo mario roberto jaime marcos ignacio hugo salvador jordi
alfonso ricardo emilio guillermo gabriel julian julio tomas marc agustin josemanuel felix gonzalo martin hector cristian
mohamed nicolas samuel alfredo domingo rodrigo cesar lucas leo mateo izan eric aitor iker unai jon gorka mikel xavi
maria carmen mariacarmen ana isabel laura cristina marta josefa dolores lucia antonia francisca sara paula elena pilar
concepcion raquel rosa manuela mercedes julia beatriz nuria silvia rosario alba irene teresa encarnacion patricia
montserrat andrea rocio monica alicia mar sonia sandra angela susana marina sofia yolanda natalia eva claudia margarita
inmaculada carla noelia veronica esther carolina nerea ines daniela martina lorena miriam vanesa vanessa valeria jimena
garcia rodriguez gonzalez fernandez lopez martinez sanchez perez gomez martin jimenez hernandez ruiz diaz moreno munoz
alvarez romero gutierrez alonso navarro torres dominguez ramos vazquez ramirez gil serrano morales molina blanco suarez
castro ortega delgado ortiz marin rubio nunez medina sanz castillo iglesias cortes garrido santos guerrero lozano cano
pepito pepe pepa paco paquito manolo manolito lola lolita chiquita chiquito gordo gorda flaca flaco negra negrita loco
loca payaso cabron cabrona puta hijodeputa hijosdeputa mierda joder gilipollas tonto tonta culo caca pedo tetas sexo
casa micasa coche moto playa monte campo pueblo cocina musica guitarra flamenco toros corrida pelicula hollywood
qwerty qwertyuiop asdfgh asdfghjkl asdfghjklñ zxcvbn zxcvbnm qazwsx abcdef abcdefg abc abcd password welcome letmein
"""
FIRST_TRIED = tuple(dict.fromkeys(fold(_WORDS).split()))
