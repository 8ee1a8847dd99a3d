"""*Publicar en Intranet*: one dialogue, from any list of documents and from any one of them."""
