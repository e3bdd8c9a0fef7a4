#!/bin/sh
test -e /usr/lib/libreadline.so.8 && echo ready
