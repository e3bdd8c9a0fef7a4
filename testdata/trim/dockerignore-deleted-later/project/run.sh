ls -A | tr "\n" " "
