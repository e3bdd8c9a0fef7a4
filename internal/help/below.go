package help

// below is what the help of commands below others says, as told has it of the others.
var below = map[string]struct{ long, example string }{
	"builder prune": {
		long: `Remove build cache that no image uses; with -a all of it. Cache mounts and
contexts of earlier builds are removed in either case.`,
		example: `  tare builder prune -f
  tare builder prune -af --keep-storage 5GB`,
	},
	"index ls": {
		long: `List the indexes that are attached to an image in a registry: their bytes, and
whether this tare can use them. Only manifests are read.`,
		example: `  tare index ls registry.example.com/team/app:1
  tare index ls --format json registry.example.com/team/app:1 | jq .images`,
	},
	"index push": {
		long: `Attach an index of its layers to an image in a registry. What the store knows of
the layers is not read again, and layers that it has are not fetched. Pushing
the same index twice sends nothing.`,
		example: `  tare index push registry.example.com/team/app:1
  tare index push --all-platforms registry.example.com/team/app:1`,
	},
	"index verify": {
		long: `Read the layers of an image, unless that was done before, and say whether the
indexes that are attached to it are what that gives, byte for byte.

The exit code is 0 if the image has an index and all that it has are true, else
1.`,
		example: `  tare index verify registry.example.com/team/app:1`,
	},
	"lab diff": {
		long: `Show what changed between two runs of an experiment. Bytes and counts are
compared exactly; a change of a time counts if the Mann-Whitney U test gives p
< 0.01 and the medians differ by more than 10 %; with fewer than 5 runs there is
nothing to test. last and last~N stay within one experiment: that of the other
run, else of ./tare.yaml, else of the last run.`,
		example: `  tare lab diff last~1 last
  tare lab diff --exit-code main.json pr.json`,
	},
	"lab init": {
		long: `Write a tare.yaml with a variant for every Dockerfile in this directory
(Dockerfile, Dockerfile.*, *.Dockerfile). "python" writes the exercise:
python:slim against Alpine with Python in one stage and in two.`,
		example: `  tare lab init
  mkdir compare-python-images; cd compare-python-images; tare lab init python`,
	},
	"lab show": {
		long: `Show the results of an experiment in any format. RUN is an ID of tare lab list
or its beginning, last (default), last~N, NAME/last, or a JSON file.`,
		example: `  tare lab show
  tare lab show --format html -o report.html last
  tare lab show --format bench last | benchstat -
  tare lab show --answers`,
	},
	"plugin install": {
		long: `Link this tare into Docker's plugins (cli-plugins in DOCKER_CONFIG, default
~/.docker), so that docker tare weigh app works, and have docker say after
builds and pulls, under "What's next", what the image weighs and what it gained
since the time before. That takes Docker 26 or newer, and switches its hooks on
(features.hooks in Docker's config.json) unless that says otherwise.`,
		example: `  tare plugin install
  tare plugin install --hooks=false`,
	},
	"system df": {
		long: `Show disk usage in blocks, as du counts: the blobs of images (a shared blob
counts once), the build cache without what it shares with them, layer indexes,
and the rest (databases, downloads in progress, results of tare lab). The sizes
add up to what "du -sx" says of the store.

ACTIVE images have a name; RECLAIMABLE is what "tare system prune" would free.
With -a it frees all of the build cache and the layer indexes.

-v lists images and build cache one by one. SHARED SIZE is the part of an image
in layers that other images have as well, UNIQUE SIZE what only this image has.`,
		example: `  tare system df
  tare system df -v
  tare system df --format json`,
	},
	"system prune": {
		long: `Remove dangling images (those without a tag, as tare images -f dangling=true
lists them), unreferenced blobs, and build cache that no image uses. With -a
all build cache is removed, and the layer indexes, which are computed again
when needed. Images that have a tag stay; tare rmi removes those.

The space reclaimed is what the disk gets back. It works on a full disk.`,
		example: `  tare system prune
  tare system prune -af`,
	},
}
