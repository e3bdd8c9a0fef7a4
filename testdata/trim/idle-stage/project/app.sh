echo no manual
