package main

import (
	"fmt"
	"os"
)

func main() {
	name := "go"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	fmt.Println("hello", name)
}
