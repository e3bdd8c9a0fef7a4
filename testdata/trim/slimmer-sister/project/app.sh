. /etc/os-release
echo "$ID $1"
