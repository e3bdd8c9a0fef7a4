package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	name := "go"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	fmt.Println("hello", name, http.StatusText(http.StatusTeapot))
}
