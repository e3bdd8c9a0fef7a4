import os
print(os.stat("data/model.bin").st_uid, os.path.getsize("data/model.bin"))
