wc -c < /opt/tool/table.bin
