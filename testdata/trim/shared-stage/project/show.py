import json
print(sum(json.load(open("/srv/data.json"))["n"]))
