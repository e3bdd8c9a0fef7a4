test -e /usr/lib/libsqlite3.so.0 && echo ready
