package help

import (
	"github.com/spf13/cobra"

	"tare/internal/target"
)

// text is what the help says of one command.
type text struct{ long, example string }

// told is what the help of a command says, besides its flags: at length, and by example.
// They are here, and not beside the flags, since they are read and mended together.
var told = map[string]text{
	"lab": {
		long: `Run an experiment: build or pull every variant of a tare.yaml, check that it
works, weigh it, time its builds, rebuilds and starts, and compare all
variants.

FILE is the experiment (default ./tare.yaml). Timed steps are interleaved and
repeated; medians are shown with confidence intervals, and a difference that
could be chance is marked. Results are kept as JSON (tare lab list, show,
diff), images as tare-lab/NAME:VARIANT until you remove them.`,
		example: `  tare lab init                      # write tare.yaml for what is here
  tare lab                           # run it
  tare lab --format html -o report.html --open examples/python
  tare lab --resume                  # continue after Ctrl-C
  tare lab --fill exercise.md        # fill the sizes into a course page's table
  tare lab --answers                 # answer its questions from measurements
  tare lab diff last~1 last`,
	},
	"history": {
		long: `Show the steps of an image, newest first, with the bytes each one added.

SIZE counts as Docker does with a graph driver: the files of the step's layer
as unpacked; steps without a layer add 0B. Of an image outside the store and
the daemons (registry://NAME, oci-dir://DIR, …) only manifest and configuration
are read: there the column is TRANSFER, the bytes of the compressed layers,
where they are known.

With --growth IMAGE is a repository: all its tags become one table and a chart,
by version where the tags are versions, else by the images' dates, and the
release with the largest step is named. Only manifests and configurations are
read; live and tar are known where the store knows all layers of a release.`,
		example: `  tare history python:slim
  tare history registry://python:slim
  tare history --no-trunc --format '{{.Size}}\t{{.CreatedBy}}' app
  tare history --growth registry://registry.example/app
  tare history --growth --tags '3.*-slim' --format html --open python`,
	},
	"profile": {
		long: `Build a Dockerfile and print it with what each line costs: seconds now and when
it last actually ran (cache miss), the bytes that it adds, how many of them
later lines hide, whether it was cached and if not, why; then the critical
path, and what could be saved.

With --dockerfile an image that was built elsewhere is profiled: its history is
matched with the lines of the file. Uncertain matches are marked.`,
		example: `  tare profile
  tare profile --cold -f Dockerfile.multistage .
  tare profile --why-cache
  tare profile --after-edit main.py --after-edit requirements.txt
  tare profile --after-edit HEAD~1..HEAD
  tare profile --after-edit main.py --swap 5:6
  tare profile --split
  tare profile --dockerfile Dockerfile registry://app:1.0
  tare profile --format html -o profile.html`,
	},
	"trim": {
		long: `Find edits of a Dockerfile that make its image smaller; build, compare, check
and measure each; and write a patch of those that save and pass.

Lossless edits leave what a container sees as it is, but for caches, logs,
package lists, byte code and times. That is proven by comparing the files, so it
needs no checks. With --drop tare also tries edits that take something away,
where checks exist that pass without it and do not touch it.

Checks are those of tare.yaml for this Dockerfile, or --check. Nothing in DIR
changes without --write.`,
		example: `  tare trim
  tare trim -o trim.patch . && git apply trim.patch
  tare trim --drop --check 'python3 app.py'
  tare trim --write
  tare trim --patch proposal.diff
  tare trim --propose './agent'`,
	},
	"check": {
		long: `Hold an image against its budgets. Against a baseline the difference is divided
into what your change made (lines and files, each with its bytes), what a base
image or packages brought when they moved, and noise. Growth budgets are about
your change alone.

DIR is built (its Dockerfile, or the variants of its tare.yaml); a TARGET is
looked at. Budgets stand in tare.yaml (budget:) or come with --budget. A
baseline is an image (its revision label finds its Dockerfile), git:REF[:DIR]
(built as it would be today, so that nothing has drifted), a file of --save, or
last.

The exit code is 3 if a budget is broken, the same in every format.`,
		example: `  tare check --budget transfer=50MB --budget packages.forbid=gcc
  tare check --baseline git:main --budget growth.transfer=1MB
  tare check --baseline registry://app:main --format markdown
  tare check --save baseline.json && tare check --baseline baseline.json
  tare check --format sarif -o tare.sarif registry://app:pr-7`,
	},
	"weigh": {
		long: `Show what is in an image and where its bytes are: every measure of its size,
layers with their instructions, packages, unpackaged files, bytes that no
container can see and the layers that wrote and hid them, duplicates and the
largest files. Every column adds up to the byte.

` + target.Help + `

--layer, --package and --path list files instead; --tree shows them as
directories. What the measures mean: tare help measures.`,
		example: `  tare weigh python:slim
  tare weigh --layer 2 python:slim
  tare weigh --package perl-base python:slim
  tare weigh --path 'usr/**/*.pyc' --sort transfer python:slim
  tare weigh --tree --depth 2 .
  docker save app | tare weigh -
  tare weigh --format json registry://alpine | jq .sizes`,
	},
	"index": {
		long: `Keep what tare knows of an image's layers beside the image, in its registry.
Others then weigh and compare it by a few per cent of its bytes, without pulling
it: tare weigh --use-index IMAGE.

An index is an artifact that is attached to the image (referrers API, or the
tag sha256-… where a registry has no such API). It can say anything: it is used
only with --use-index, or where the settings trust its repository
(tare help config), and only if it is that of the very image and of this edition
of tare. verify reads the layers and says whether it is true.`,
		example: `  tare index push registry.example.com/team/app:1
  tare push --index registry.example.com/team/app:1
  tare weigh --use-index registry.example.com/team/app:1`,
	},
	"view": {
		long: `Look around in images, in the terminal. Of one image: its layers, packages,
waste and steps, beside the tree of files as any range of layers leaves it. Of
several: the causes of their differences down to files, beside both trees joined
by path.

? shows all keys, / filters, q leaves. dive's keys work. Files can be read and
extracted; nothing is changed.

--web shows the same in a browser: it serves the page of --format html, with
every file of the images, to this machine alone, and prints the address. Whoever
has the address can read the images; it has a secret, which ends with the
command (Ctrl-C).

` + target.Help,
		example: `  tare view python:slim
  tare view .
  tare view python:3.11-slim python:3.12-slim
  tare view archive://app.tar
  tare view --web --port 8080 python:slim`,
	},
	"cat": {
		long: `Print a file as a container of the image sees it. Nothing is run and nothing is
unpacked. Symbolic links are followed.

` + target.Help,
		example: `  tare cat python:slim /etc/os-release
  tare cat registry://alpine /etc/apk/repositories
  tare cat app /app/config.json | jq .`,
	},
	"fsck": {
		long: `Check the image store: every blob against its digest, every image down to its
layers, cache entries, and what killed commands left behind (partial downloads,
temporary files, locks, containers, mounts). It can run beside other commands.

--repair removes damaged and leftover files, and names of incomplete images
after saying how to get them back. Intact data stays.

The exit code is 0 if there are no problems (with --repair: afterwards), else
1.`,
		example: `  tare fsck
  tare fsck --repair
  tare fsck --format json | jq -r '.problems[].image // empty'`,
	},
	"images": {
		long: `List the images in the local store, newest first.

SIZE is what Docker prints with a graph driver: the files of all layers as
unpacked. The layers of an image are read once, when it is first listed.`,
		example: `  tare images
  tare images python
  tare images --format '{{.Repository}}:{{.Tag}} {{.Size}}'
  tare images -q --filter dangling=true`,
	},
	"inspect": {
		long: `Show what is known of images of the store or of a daemon (Docker, Podman), with
Docker's keys. Others are named with their place (archive://F, oci-dir://D);
tare help targets says where images are looked for.`,
		example: `  tare inspect python:slim
  tare inspect --format '{{.Size}}' python:slim
  tare inspect --format '{{json .Config.Env}}' python:slim`,
	},
	"compare": {
		long: `Compare any number of images on every measure, divide each difference into
causes that add up to the byte, and say in plain sentences what the numbers
show. The first image (or --baseline) is compared with each other one, and each
with its neighbour; --pairs compares all.

` + target.Help + `

Earlier stages of a Dockerfile are built as well (from the build cache) to see
what they keep out of the image. What the measures mean: tare help measures.`,
		example: `  tare compare python:slim ./Dockerfile ./Dockerfile.multistage
  tare compare --baseline alpine alpine debian python:slim
  tare compare --depth 5 --measure transfer app:1.0 app:1.1
  tare compare --all-platforms registry://python:slim
  tare compare --remote python:3.11 python:slim alpine
  tare compare --format markdown python:slim app > sizes.md
  tare compare --format json --bytes python:slim app`,
	},
	"diff": {
		long: `List what differs between two images: packages and their versions, files
(added, removed, changed in content or only in metadata), environment, labels
and other settings, and steps of the history. Files are compared as a container
sees them; layers are matched by content, not by position.

` + target.Help + `

With --exit-code the exit code is 0 if the images are the same, 1 if they
differ, and 2 for any error.`,
		example: `  tare diff python:3.11-slim python:slim
  tare diff --content /etc/os-release alpine:3.20 alpine:latest
  tare diff --exit-code --ignore-times --ignore-history app:a app:b
  tare diff --format json registry://app:1.0 registry://app:1.1 | jq .count`,
	},
	"update": {
		long: `Show what a machine that has the image FROM downloads when it pulls TO: which
layers go over the wire, which are unpacked, which stay, and why. Only manifests
and configurations are read. Each client reuses layers by rules of its own:

  docker      unpacked layers, from the bottom up to the first that is new (the
              default; with the containerd image store: containerd)
  containerd  blobs by digest, and unpacked layers: nerdctl, Kubernetes
  podman      blobs by digest, wherever in an image they stand
  estargz     containerd with the stargz snapshotter: layers with a table of
              contents are mounted; an estimate
  soci        containerd with the SOCI snapshotter: an upper bound

FROM and TO are names in registries, store://NAME, oci-dir://DIR[:TAG],
dir://DIR or containerd://NAME. FROM may be scratch, a machine without images.`,
		example: `  tare update python:3.12-slim python:3.13-slim
  tare update --client containerd --have debian:bookworm app:1 app:2
  tare update --format json scratch app:2 | jq .download`,
	},
	"build": {
		long: `Build an image from a Dockerfile, with BuildKit inside this process.

PATH is the build context; "-" reads a Dockerfile, or a tar of the context,
from standard input. RUN uses the host's network unless --network none is
given. After a build the cache is pruned to --keep-storage.`,
		example: `  tare build -t app .
  tare build -t app -f Dockerfile.multistage .
  tare build --target build-stage --build-arg VERSION=1.2 .
  tare build --secret id=token,src=token.txt -t app .
  tare build --check .
  tare build -o out .`,
	},
	"pull": {
		long: `Download an image from a registry into the local store.

Layers that the store has are not downloaded again, and an interrupted download
continues where it stopped. With --dry-run only the manifest and the
configuration are read, to say what would be downloaded.`,
		example: `  tare pull python:slim
  tare pull --platform linux/arm64 alpine
  tare pull --dry-run python:slim
  tare pull ghcr.io/owner/app@sha256:…`,
	},
	"push": {
		long: `Upload an image to the registry of its name.

Layers that tare built are kept uncompressed and are compressed (gzip) on the
way. Layers that the registry has are not sent. With --index others can weigh
the image without reading its layers (tare help index).`,
		example: `  tare tag app registry.example.com/team/app:1
  tare push registry.example.com/team/app:1
  tare push --index registry.example.com/team/app:1`,
	},
	"rmi": {
		long: `Remove names of images, and images with their last name. Layers that no other
image uses are deleted. An image that was pulled by digest as well keeps its
digest (REPOSITORY@DIGEST, with the tag <none>) when its last tag is removed.`,
		example: `  tare rmi app
  tare rmi -f 3f1c2d4e5a6b`,
	},
	"run": {
		long: `Run a program in a new container, wait for it, and remove the container.

The exit code is the program's; 125 means that tare could not start the
container, 126 that the program cannot be executed, 127 that it was not found.
Containers use the host's network unless --network none is given. tare does not
manage containers: they run in the foreground and leave nothing behind.`,
		example: `  tare run -it --rm alpine
  tare run --rm -v "$PWD:/src" -w /src python:slim python3 app.py
  tare run --rm --network none --read-only -m 256m app`,
	},
	"save": {
		long: `Save images to one tar: an OCI image layout that also has Docker's
manifest.json, which tare load, docker load, skopeo and crane read. A
repository without a tag stands for all its tags.`,
		example: `  tare save -o app.tar app
  tare save python:slim | gzip > python.tar.gz`,
	},
	"load": {
		long: `Load images from a tar of docker save, tare save or an OCI image layout, which
may be compressed with gzip or zstd.`,
		example: `  tare load -i app.tar
  docker save app | tare load`,
	},
	"login": {
		long: `Log in to a registry (default Docker Hub). The login is checked and kept where
Docker keeps it: in the credential helper of ~/.docker/config.json, or in that
file itself.`,
		example: `  tare login -u me registry.example.com
  pass show registry | tare login -u me --password-stdin registry.example.com`,
	},
}

// Texts gives the commands of a root their texts.
func Texts(root *cobra.Command) {
	for _, c := range root.Commands() {
		name := c.Name()
		switch {
		case root.Name() == "image" && name == "ls":
			name = "images"
		case root.HasParent() && root.Name() != "image":
			name = root.Name() + " " + name
		}
		t, ok := told[name]
		if !ok {
			t, ok = below[name]
		}
		if ok {
			c.Long, c.Example = t.long, t.example
		}
		Texts(c) // tare image has the same commands once more, as Docker has them
	}
}
