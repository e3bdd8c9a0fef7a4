cat greeting.txt
