// Command hello says hello.
package main

import "fmt"

func main() { fmt.Println("Hello from a static Go program") }
