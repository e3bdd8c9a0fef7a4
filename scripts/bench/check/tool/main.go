// Command tool is the only program of the images that bench-check builds: a package manager, a
// compiler and a generator in one, small and without a shell.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	if err := run(os.Args[1:]); err != nil {
		log.Fatal("tool: ", err)
	}
}

// run carries out commands that follow one another with "and".
func run(args []string) error {
	var one []string
	for _, a := range append(args, "and") {
		if a != "and" {
			one = append(one, a)
			continue
		}
		if err := command(one); err != nil {
			return fmt.Errorf("%v: %w", one, err)
		}
		one = nil
	}
	return nil
}

func command(a []string) error {
	switch {
	case len(a) == 4 && a[0] == "write": // PATH BYTES SEED
		n, err := strconv.Atoi(a[2])
		if err != nil {
			return err
		}
		return write(a[1], n, a[3])
	case len(a) == 3 && a[0] == "generate": // CONFIG PATH: as many bytes as it says
		return generate(a[1], a[2])
	case len(a) == 3 && a[0] == "compile": // SOURCE PATH: twice its size
		src, err := os.ReadFile(a[1])
		if err != nil {
			return err
		}
		return put(a[2], bytes.Repeat(src, 2))
	case len(a) == 2 && a[0] == "noise": // PATH: another size and content each time
		return write(a[1], 1000+rand.IntN(200_000), fmt.Sprint(time.Now().UnixNano()))
	case len(a) == 2 && a[0] == "remove":
		return os.RemoveAll(a[1])
	case len(a) >= 3 && a[0] == "install": // URL NAME[=VERSION]…
		for _, p := range a[2:] {
			if err := install(a[1], os.ExpandEnv(p)); err != nil {
				return err
			}
		}
		return nil
	case len(a) == 3 && a[0] == "install-from": // URL FILE: a NAME or NAME=VERSION a line
		b, err := os.ReadFile(a[2])
		if err != nil {
			return err
		}
		for p := range strings.FieldsSeq(string(b)) {
			if err := install(a[1], p); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("not a command")
}

func put(name string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, b, 0o644)
}

// write writes bytes that do not compress and follow from a seed.
func write(name string, n int, seed string) error {
	var key [32]byte
	copy(key[:], seed)
	r := rand.NewChaCha8(key)
	b := make([]byte, (n+7)/8*8)
	for i := 0; i < len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.Uint64())
	}
	return put(name, b[:n])
}

// generate reads "bytes N" from a configuration.
func generate(config, name string) error {
	b, err := os.ReadFile(config)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "bytes" {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				return err
			}
			return write(name, n, "generated")
		}
	}
	return fmt.Errorf("%s says no bytes", config)
}

// install fetches a package, and notes it as apk does.
func install(url, pkg string) error {
	resp, err := http.Get(url + "/" + pkg)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s %w", pkg, resp.Status, err)
	}
	name, version := resp.Header.Get("Package"), resp.Header.Get("Version")
	if err := put("/usr/lib/"+name+"/data", b); err != nil {
		return err
	}
	db, err := os.OpenFile("/lib/apk/db/installed", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(db, "P:%s\nV:%s\nA:noarch\nF:usr/lib/%s\nR:data\n\n", name, version, name); err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	// What a package manager leaves besides: of another size each time.
	return write("/var/log/install.log", 500+rand.IntN(20_000), fmt.Sprint(time.Now().UnixNano()))
}
