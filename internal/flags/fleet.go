package flags

import (
	"github.com/spf13/cobra"

	"tare/internal/scan"
	"tare/internal/shard"
)

// Choose defines the flags that choose among what a scan's sources name.
func Choose(c *cobra.Command, q *scan.Request) {
	f := c.Flags()
	f.StringVar(&q.Tags, "tags", "", "only tags that match this pattern, such as '3.*' or '{main,v*}'")
	f.IntVar(&q.Newest, "newest", 0, "only this many images of each repository, the newest by their configurations")
	f.StringVar(&q.Platform, "platform", "", "of multi-platform images only this one, such as linux/arm64 (default all)")
}

// Scan defines the flags of one shard of a scan.
func Scan(c *cobra.Command, q *scan.Request) {
	Choose(c, q)
	f := c.Flags()
	f.StringVar(&q.Out, "out", "", "directory for the results, which all shards share or which is merged afterwards; or oci://REPOSITORY")
	f.StringVar(&q.Plan, "plan", "", "scan the plan in this file (tare fleet plan)")
	f.StringVar(&q.Shard, "shard", "", "read part I of N, as in 2/4 (default what Kubernetes, Slurm, GitLab or CircleCI say)")
	f.IntVar(&q.Parallel, "parallel", 0, "layers that are read at a time (default one per core)")
	_ = c.MarkFlagDirname("out")
	_ = c.MarkFlagFilename("plan", "json")
}

// Job defines the flags of a scan on an engine.
func Job(c *cobra.Command, j *shard.Job, q *scan.Request) {
	Choose(c, q)
	f := c.Flags()
	f.IntVar(&j.Shards, "shards", 4, "parts that the work is divided into")
	f.StringVar(&j.Name, "name", "tare-fleet", "name of the job")
	f.StringVar(&j.Image, "image", "", "image that has tare in it (kubernetes, gitlab)")
	f.StringVar(&j.Claim, "claim", "", "PersistentVolumeClaim for the results (kubernetes)")
	f.StringVar(&j.Login, "login", "", "Secret of type kubernetes.io/dockerconfigjson, for private registries (kubernetes)")
	f.StringVar(&j.Out, "out", "", "directory for the results (default /fleet for kubernetes, fleet for others)")
}
