package scan

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"tare/internal/request"
)

// maxLine bounds a line of a list, in bytes.
const maxLine = 8 << 10

// pulled is an image that a container of a cluster runs.
type pulled struct {
	node, arch string // arch is what the pod asks for; "" if it does not
	id         string // as the node says what it pulled
	image      string // as the pod names it
	where      string // NAMESPACE/POD/CONTAINER
}

// readList reads a list of images: lines, or what `kubectl get pods -o json` prints. Lines that begin with # are comments.
func readList(name string, r io.Reader, line func(n int, text string) error, pod func(pulled) error) error {
	b := bufio.NewReaderSize(r, 64<<10)
	if bom, _ := b.Peek(3); bytes.Equal(bom, []byte("\ufeff")) {
		_, _ = b.Discard(3)
	}
	n := 0
	for {
		c, err := b.Peek(1)
		if err != nil || !strings.ContainsRune(" \t\r\n", rune(c[0])) {
			if err == nil && c[0] == '{' {
				return readPods(name, b, pod)
			}
			break
		}
		if c[0] == '\n' {
			n++
		}
		_, _ = b.Discard(1)
	}
	s := bufio.NewScanner(b)
	s.Buffer(nil, maxLine)
	for s.Scan() {
		n++
		text := strings.TrimSpace(s.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if strings.ContainsRune(text, 0) {
			return request.Errorf("%s is no list of images: line %d has bytes that no text has", name, n)
		}
		if err := line(n, text); err != nil {
			return err
		}
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return request.Errorf("%s is no list of images: line %d is longer than %d bytes", name, n+1, maxLine)
	}
	return s.Err()
}

// podDocument is the part of a pod that tells which images its containers run.
type podDocument struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Namespace, Name string
	} `json:"metadata"`
	Spec struct {
		NodeName     string            `json:"nodeName"`
		NodeSelector map[string]string `json:"nodeSelector"`
	} `json:"spec"`
	Status struct {
		Containers []containerStatus `json:"containerStatuses"`
		Init       []containerStatus `json:"initContainerStatuses"`
		Ephemeral  []containerStatus `json:"ephemeralContainerStatuses"`
	} `json:"status"`
}

type containerStatus struct {
	Name    string `json:"name"`
	Image   string `json:"image"`
	ImageID string `json:"imageID"`
}

// readPods reads pods one by one: a cluster's list may have hundreds of megabytes.
func readPods(name string, r io.Reader, do func(pulled) error) error {
	bad := func(err error) error {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("it ends in the middle")
		}
		return request.Errorf("%s is no list of pods, as kubectl get pods -A -o json prints it: %w", name, err)
	}
	d := json.NewDecoder(r)
	if _, err := d.Token(); err != nil {
		return bad(err)
	}
	kind, items := "", false
	single := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return bad(err)
		}
		key, _ := t.(string)
		if key != "items" {
			var v json.RawMessage
			if err := d.Decode(&v); err != nil {
				return bad(err)
			}
			if key == "kind" {
				_ = json.Unmarshal(v, &kind)
			}
			single[key] = v
			continue
		}
		items = true
		if t, err := d.Token(); err != nil || t != json.Delim('[') {
			return bad(fmt.Errorf("items is no list: %w", err))
		}
		for d.More() {
			var p podDocument
			if err := d.Decode(&p); err != nil {
				return bad(err)
			}
			if p.Kind != "" && p.Kind != "Pod" {
				return bad(fmt.Errorf("it lists a %.40q", p.Kind))
			}
			if err := p.each(do); err != nil {
				return err
			}
		}
		if _, err := d.Token(); err != nil {
			return bad(err)
		}
	}
	if _, err := d.Token(); err != nil {
		return bad(err)
	}
	if items {
		return nil
	}
	if kind != "Pod" {
		return bad(fmt.Errorf("it is a %.40q", kind))
	}
	b, err := json.Marshal(single)
	var p podDocument
	if err = errors.Join(err, json.Unmarshal(b, &p)); err != nil {
		return bad(err)
	}
	return p.each(do)
}

// each hands out the containers of a pod: a node keeps the images of those that have ended, too, until it needs the room.
func (p *podDocument) each(do func(pulled) error) error {
	arch := p.Spec.NodeSelector["kubernetes.io/arch"]
	for _, list := range [][]containerStatus{p.Status.Init, p.Status.Containers, p.Status.Ephemeral} {
		for _, c := range list {
			at := p.Metadata.Namespace + "/" + p.Metadata.Name + "/" + c.Name
			if err := do(pulled{node: p.Spec.NodeName, arch: arch, id: c.ImageID, image: c.Image, where: at}); err != nil {
				return err
			}
		}
	}
	return nil
}

// reference is the image of a registry that a container runs; why says what is wrong if there is none. Kubelets write it in several
// ways: REPOSITORY@DIGEST, docker-pullable://REPOSITORY@DIGEST, or the ID of an image alone.
func (p *pulled) reference() (name, why string) {
	id := p.id
	for _, prefix := range []string{"docker-pullable://", "docker://"} {
		id = strings.TrimPrefix(id, prefix)
	}
	switch {
	case id == "":
		return "", "no imageID: its container has not started"
	case strings.Contains(id, "@"):
		return id, ""
	}
	return "", fmt.Sprintf("the node names only the image's ID (%.80s) and no digest of a registry: the image was built or loaded there", id)
}
