. ./.env
echo "built by $BUILD_USER" > out
