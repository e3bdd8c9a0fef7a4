cat /app/made/last
