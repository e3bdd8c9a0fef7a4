import json, ssl
print(json.dumps({"tls": ssl.OPENSSL_VERSION.split()[0]}))
