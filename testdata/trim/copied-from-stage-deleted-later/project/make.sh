mkdir -p "$1/objects"
seq 1 200000 > "$1/objects/a.o"
tail -n 1 "$1/objects/a.o" > "$1/result"
