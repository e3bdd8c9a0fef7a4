#!/bin/sh
wc -c < /opt/tool/table.bin
