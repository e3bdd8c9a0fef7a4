import sys

from tables import big

if sys.argv[1] == "collect":
    open("/srv/collected", "w").write(str(big.f7(1)["a7"]))
else:
    print(open("/srv/collected").read())
