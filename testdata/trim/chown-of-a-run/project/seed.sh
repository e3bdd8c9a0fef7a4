mkdir -p /var/lib/app
seq 1 90000 > /var/lib/app/db
