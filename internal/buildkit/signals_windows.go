package buildkit

import "os"

func isResize(os.Signal) bool { return false }
