cd /tmp && printf '#include <stdio.h>\nint main(void) { puts("%s"); return 0; }\n' "${1:-compiled}" > a.c && cc -o a a.c && ./a
