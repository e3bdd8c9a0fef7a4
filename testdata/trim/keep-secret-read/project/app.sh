. ./.env
echo "user $APP_USER"
