package help

func init() {
	told["fleet plan"] = text{
		long: `List the images that sources name, and every layer of theirs, from manifests
and configurations: no layer is read. The plan is JSON; tare fleet scan --plan
reads its layers, in shards that need not share a directory.

A SOURCE is
  REGISTRY               all repositories of its catalogue, as registry.example
  REGISTRY/PATTERN       those that match: registry.example/team/* or **
  REGISTRY/NAME          all tags of a repository; NAME:PATTERN those that match
  REGISTRY/NAME:TAG      one image, also NAME@DIGEST
  NAME[:TAG], store://…  an image of the store, else of Docker Hub; a pattern is
                         one of names of the store ('*' for all)
  FILE, -                a list: a SOURCE a line, or what kubectl get pods -A -o
                         json prints (the images that nodes have pulled)

What cannot be read is listed in the plan, each with the reason; the exit code
is 3 then. Tags that are no images (signatures, charts) are counted.`,
		example: `  tare fleet plan registry.example:5000 -o plan.json
  tare fleet plan --newest 5 'registry.example/team/*' -o plan.json
  tare fleet plan --tags '{main,v*}' registry.example/team/app
  kubectl get pods -A -o json | tare fleet plan - -o plan.json`,
	}
	told["fleet scan"] = text{
		long: `Read every layer of many images once, and keep what is in it (its index) in DIR
under the layer's digest; or in a repository of a registry (--out oci://NAME).
SOURCE is as in tare fleet plan. A layer whose index the cache of this machine
has, or a registry that --use-index trusts, is not read.

The work can be divided: --shard I/N reads the layers whose digests fall to part
I of N (from 1). Kubernetes (JOB_COMPLETION_INDEX with TARE_SHARDS), Slurm
(SLURM_ARRAY_TASK_ID), GitLab (CI_NODE_INDEX) and CircleCI (CIRCLE_NODE_INDEX)
say it by themselves; --shard wins. Shards may be killed, repeated or overlap:
results are named by content, and plan.json and layers/ of any number of shards
are the same bytes. The first shard settles the plan in DIR; one with another
plan or another N is refused. Without SOURCE the plan in DIR is scanned.

The exit code is 3 if something could not be read, 0 if all is known. After a
full disk, an interruption, or a registry that wants to be asked later, the same
command goes on.`,
		example: `  tare fleet scan --out fleet registry.example:5000
  tare fleet scan --out fleet --shard 2/4 registry.example:5000
  tare fleet scan --out fleet --plan plan.json
  kubectl get pods -A -o json | tare fleet scan --out fleet -`,
	}
	told["fleet manifest"] = text{
		long: `Write what starts all shards of a scan on an engine: kubernetes (an Indexed
Job for kubectl apply), slurm (a script for sbatch), gitlab, github (jobs for
the CI). Nothing is started. SOURCE and the flags that choose are as in tare
fleet plan; without a SOURCE shards scan the plan.json that their directory has.`,
		example: `  tare fleet manifest kubernetes --shards 8 --image registry.example/tare \
    --claim fleet registry.example:5000 | kubectl apply -f -
  tare fleet manifest slurm --shards 16 --out /scratch/fleet \
    registry.example:5000 | sbatch
  tare fleet manifest github 'registry.example/team/*'`,
	}
	told["fleet report"] = text{
		long: `Show what many images cost together: unique and shared bytes of blobs, layers
and contents of files; strata (what images stand on, and how many on which
version); the images with the most unique bytes; waste, findings and secrets in
layers; growth by month; what each node of a cluster holds.

DIR has the results of tare fleet scan. A SOURCE (as in tare fleet plan), or the
file of a plan, is enough for everything about blobs: no layer is read then.

--what-if delete=GLOB tells what deleting tags would free: a pattern of
REGISTRY/REPOSITORY:TAG, with or without the registry or the tag. --what-if
rebase=OLD=NEW tells what is stored and pulled when all images on OLD move to
NEW; both are images of the fleet. --price tells it in money.

--format parquet -o DIR writes tables of images, layers, files and packages for
DuckDB, Spark and the like.`,
		example: `  tare fleet report fleet
  tare fleet report 'registry.example/team/*'
  tare fleet report fleet --what-if 'delete=team/*:pr-*' --price storage=0.10USD
  tare fleet report fleet --what-if rebase=debian:12=debian:13
  kubectl get pods -A -o json | tare fleet report - --show nodes
  tare fleet report fleet --format html --open
  tare fleet report fleet --format parquet -o tables`,
	}
}
