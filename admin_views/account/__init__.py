"""*Mi configuración*: what each member of staff settles for themselves."""
