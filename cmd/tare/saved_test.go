package main

import (
	"archive/tar"
	"encoding/json"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// writeSaved writes an image as a Docker daemon saves it: with uncompressed layers, and
// without a manifest.
func writeSaved(file, tag string, img v1.Image) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := tar.NewWriter(f)
	add := func(name string, b []byte) error {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(b))}); err != nil {
			return err
		}
		_, err := w.Write(b)
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	var names []string
	for _, l := range layers {
		diff, err := l.DiffID()
		if err != nil {
			return err
		}
		r, err := l.Uncompressed()
		if err != nil {
			return err
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		names = append(names, diff.Hex+"/layer.tar")
		if err := add(diff.Hex+"/layer.tar", b); err != nil {
			return err
		}
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	if err := add("config.json", config); err != nil {
		return err
	}
	list, err := json.Marshal([]any{map[string]any{"Config": "config.json", "RepoTags": []string{tag}, "Layers": names}})
	if err != nil {
		return err
	}
	if err := add("manifest.json", list); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}
