package strata

import (
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/fleet"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Schema names the JSON form of a Result: docs/reference/fleet.schema.json.
const Schema = "tare.fleet/v1"

// Result is what `tare fleet report` tells of many images. Bytes are integers; what is not known is null.
type Result struct {
	Schema  string   `json:"schema"`
	Sources []string `json:"sources"`
	// Images counts manifests for one platform each, Tags the names with a tag that lead to them, Layers the distinct blobs of layers.
	Images int `json:"images"`
	Tags   int `json:"tags"`
	Layers int `json:"layers"`
	// Scanned says how many of the distinct layers (by DiffID) a scan has read. The sums that need all of them are null where some are missing.
	Scanned Scanned `json:"scanned"`
	Bytes   Bytes   `json:"bytes"`
	// Registries hold each blob once: what several registries have is stored in each.
	Registries []Home `json:"registries"`
	// Strata are what images stand on, those with the most images first.
	Strata []Stratum `json:"strata"`
	// Largest are the images with the most unique bytes.
	Largest []Largest `json:"largest"`
	Growth  Growth    `json:"growth"`
	Nodes   []Node    `json:"nodes"`
	// Waste is what layers hold and containers do not see; null without a scan of all layers.
	Waste *Waste `json:"waste"`
	// Findings are those of all images by rule, Secrets the files that hold some, each layer's once.
	Findings []Finding `json:"findings"`
	Secrets  []Secret  `json:"secrets"`
	// WhatIf are the changes that were asked about, each by itself.
	WhatIf []Change `json:"whatIf"`
	// Costs are the bytes in money; absent without prices.
	Costs *Costs `json:"costs,omitempty"`
	// Unreadable are images and repositories that were named and could not be read.
	Unreadable []fleet.Unreadable `json:"unreadable"`
	// Problems are contradictions in what manifests state, and layers that could not be weighed.
	Problems []string `json:"problems"`

	// Tree is the picture of the strata.
	Tree Tree `json:"-"`
}

// Scanned is how much of a fleet was read.
type Scanned struct {
	Layers int `json:"layers"` // that a scan has read
	Of     int `json:"of"`     // distinct layers by DiffID
	Images int `json:"images"` // that were weighed
}

// Bytes are what images hold at three levels.
type Bytes struct {
	// Blob: compressed layers, manifests and configurations, which a registry stores and a node pulls once.
	Blob Level `json:"blob"`
	// DiffID: the tar of each layer, however compressed, which a node unpacks once.
	DiffID Level `json:"diffid"`
	// Content: the files of all layers, of which a store by content would hold each once.
	Content Level `json:"content"`
}

// Level is what images hold at one level. Unique and Shared sum up to Together.
type Level struct {
	// Things is how many distinct things there are: blobs, layers, contents; null if that is not known.
	Things units.Amount `json:"things"`
	// Together is what all images take when each thing is there once, Separately the sum of the images.
	Together   units.Amount `json:"together"`
	Separately units.Amount `json:"separately"`
	// Unique is the part of Together that one image has alone, Shared the part that several have.
	Unique units.Amount `json:"unique"`
	Shared units.Amount `json:"shared"`
}

// Home is a registry.
type Home struct {
	Name   string `json:"name"`
	Images int    `json:"images"`
	Tags   int    `json:"tags"`
	Bytes  int64  `json:"bytes"` // distinct blobs of its images
}

// How it is known that images stand on something.
const (
	FromAnnotation = "annotation" // the images name their base: org.opencontainers.image.base.*
	FromImage      = "image"      // an image of the fleet has exactly these layers
	FromPrefix     = "prefix"     // several images begin with the same layers
)

// Stratum is something that images stand on.
type Stratum struct {
	Name string `json:"name"` // of the base; empty where several images begin with the same layers and nothing names them
	From string `json:"from"` // how that is known: "annotation", "image" or "prefix"
	// Images stand on any of the digests; images that are the base itself do not count.
	Images int `json:"images"`
	// Digests are the versions of it that are in use, those with the most images first.
	Digests []Base `json:"digests"`
}

// Base is one version of a Stratum.
type Base struct {
	Digest  string        `json:"digest"`  // of the base image; empty if not known
	ChainID digest.Digest `json:"chainId"` // of its layers; empty if not known
	Images  int           `json:"images"`
	// Layers and Bytes are those of the base as its blobs; null where no image of the fleet shows where the base ends.
	Layers units.Amount `json:"layers"`
	Bytes  units.Amount `json:"bytes"`
	// Own is the part of Bytes that is not of the stratum below, On the chain ID of that; Saves is Own once for each image beyond the first.
	Own   units.Amount  `json:"own"`
	On    digest.Digest `json:"on"`
	Saves units.Amount  `json:"saves"`
	// LayersFrom says how it is known where the base ends: "image" or "prefix" (then it is at most so many layers).
	LayersFrom string `json:"layersFrom"`
	// Created is the date of the base image, if it is in the fleet; Oldest and Newest are those of the images on it.
	Created *time.Time `json:"created"`
	Oldest  *time.Time `json:"oldest"`
	Newest  *time.Time `json:"newest"`
	Example string     `json:"example"` // one of the images
}

// Largest is an image with unique bytes.
type Largest struct {
	Name   string        `json:"name"`
	Names  int           `json:"names"`
	Digest digest.Digest `json:"digest"`
	// Transfer are all blobs of it, Unique those that no other image has: what is freed with its last tag.
	Transfer int64 `json:"transfer"`
	Unique   int64 `json:"unique"`
	// UniqueContent are the files whose content no other image has; null without a scan of all layers.
	UniqueContent units.Amount `json:"uniqueContent"`
	// Waste is what its layers hold and a container does not see; null where it was not weighed.
	Waste units.Amount `json:"waste"`

	index int
}

// Growth is by which month the blobs came: each counts in the month of the earliest image that has it. All parts sum up to bytes.blob.together.
type Growth struct {
	Months []Month `json:"months"`
	// Undated images state no date, or 1970 (or 1980) as reproducible builds do; Implausible are dates before 2013 and after the report's.
	Undated     Month `json:"undated"`
	Implausible Month `json:"implausible"`
}

// Month is what came in a month.
type Month struct {
	Month  string `json:"month"` // "2026-05"; empty for what has no month
	Images int    `json:"images"`
	Bytes  int64  `json:"bytes"`
}

// Node is a machine of a cluster.
type Node struct {
	Name   string `json:"name"`
	Images int    `json:"images"` // of the fleet that it has
	// Missing are images that it has and that are not in the fleet.
	Missing int `json:"missing"`
	// Holds are the distinct blobs of its images, Separately the sum of the images.
	Holds      int64 `json:"holds"`
	Separately int64 `json:"separately"`
	// Bases are those blobs of Holds that belong to what images stand on: what it pulls at least when all bases get a new version of the same size.
	Bases int64 `json:"bases"`
	// Lacks is what it would pull to hold all images of the fleet.
	Lacks int64 `json:"lacks"`
}

// Waste is what layers hold and containers do not see, in bytes of files.
type Waste struct {
	// Together are files that no image shows, each layer's once; Separately is the sum of the images.
	Together   int64 `json:"together"`
	Separately int64 `json:"separately"`
}

// Finding is what one rule finds in all images.
type Finding struct {
	Rule     string         `json:"rule"`
	Title    string         `json:"title"`
	Severity weigh.Severity `json:"severity"`
	Images   int            `json:"images"` // that have it
	Layers   int            `json:"layers"` // that hold what is found
	// Tar is what it costs, each layer's once: where images differ in it, the most.
	Tar     int64  `json:"tar"`
	Example string `json:"example"` // the image in which it costs most
	Text    string `json:"text"`    // what is said of that
}

// Secret is a finding about secrets in a layer, once for all images that have the layer.
type Secret struct {
	DiffID   digest.Digest  `json:"diffId"` // empty for the configuration
	Severity weigh.Severity `json:"severity"`
	Text     string         `json:"text"`
	Paths    []string       `json:"paths"`
	// Hidden are how many of the paths a later layer hides in every image: they can still be read from this layer.
	Hidden  int    `json:"hidden"`
	Images  int    `json:"images"`
	Example string `json:"example"`
}

// Change is what would follow from a change.
type Change struct {
	Kind string `json:"kind"` // "delete" or "rebase"
	Word string `json:"word"` // as it was asked
	Tags int    `json:"tags"` // that are deleted, or move
	// Images lose their last tag, or are rebased; Kept keep another tag or a name by digest.
	Images int `json:"images"`
	Kept   int `json:"kept"`
	// Separately is what those images take apart. Freed is what no image needs any more, in all registries, and Shared what others still need.
	Separately int64 `json:"separately"`
	Freed      int64 `json:"freed"`
	Shared     int64 `json:"shared"`
	// Added is what registries store anew; Pulled is what a host that had all of the images pulls. Documents is the part of both that is
	// manifests and configurations: their bytes are taken to be as many as now.
	Added     int64 `json:"added"`
	Pulled    int64 `json:"pulled"`
	Documents int64 `json:"documents"`
	// Rebuilt is what such a host pulls if the images are built again and all layers of their own change, too.
	Rebuilt int64 `json:"rebuilt"`
	// Without are images on the old base for whose platform there is no new one: they stay.
	Without int `json:"without"`
	// Nodes are what each node of the cluster pulls.
	Nodes []NodePull `json:"nodes"`
	// Examples are some of the images.
	Examples []string    `json:"examples"`
	Costs    *ChangeCost `json:"costs,omitempty"`
}

// NodePull is what a node pulls.
type NodePull struct {
	Name   string `json:"name"`
	Images int    `json:"images"`
	Pulled int64  `json:"pulled"`
}
