sed -n 's/^machine .* login \([^ ]*\) .*/\1/p' /root/.netrc
