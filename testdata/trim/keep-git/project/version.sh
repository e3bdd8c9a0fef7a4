sed -n "s|^ref: refs/heads/||p" .git/HEAD
