if test -x /usr/bin/make; then echo with make; else echo without; fi
