package strata

import (
	"cmp"
	"slices"
	"time"

	"tare/internal/units"
)

// unknownLevel is a level of which only the number of things may be known; -1 for not even that.
func unknownLevel(things int) Level {
	l := Level{Things: units.Unknown(), Together: units.Unknown(), Separately: units.Unknown(), Unique: units.Unknown(), Shared: units.Unknown()}
	if things >= 0 {
		l.Things = units.Known(int64(things))
	}
	return l
}

// sums adds up a level.
type sums struct{ things, together, separately, unique, shared int64 }

// add adds a thing that so many images have, and that stands so often in them.
func (s *sums) add(bytes int64, only int32, places int64) {
	s.things++
	s.together += bytes
	s.separately += bytes * places
	if only == many {
		s.shared += bytes
	} else {
		s.unique += bytes
	}
}

func (s *sums) level() Level {
	return Level{units.Known(s.things), units.Known(s.together), units.Known(s.separately), units.Known(s.unique), units.Known(s.shared)}
}

// blobLevel counts blobs: one that stands twice in an image counts there once.
func (f *fleetOf) blobLevel() Level {
	var s sums
	for i := range f.blobs {
		b := &f.blobs[i]
		s.add(b.size, b.only, int64(b.users))
	}
	return s.level()
}

// registries are what each registry stores, the largest first.
func (f *fleetOf) registries() []Home {
	out := make([]Home, len(f.homes))
	seen := make([]int32, len(f.blobs)) // the last registry that has counted the blob, from 1
	for h, name := range f.homes {
		out[h].Name = name
		for n := range f.members {
			m := &f.members[n]
			if !slices.Contains(m.homes, int32(h)) {
				continue
			}
			out[h].Images++
			for _, b := range m.blobs {
				if seen[b] != int32(h)+1 {
					seen[b] = int32(h) + 1
					out[h].Bytes += f.blobs[b].size
				}
			}
			for _, name := range f.plan.Images[n].Names {
				if _, tag := Repository(name); tag != "" && Registry(name) == f.homes[h] {
					out[h].Tags++
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Home) int { return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name)) })
	return out
}

// transfer is all that a pull of an image transfers.
func (f *fleetOf) transfer(n int) (sum int64) {
	for _, b := range f.members[n].blobs {
		sum += f.blobs[b].size
	}
	return sum
}

// largest are all images, those with the most unique bytes first.
func (f *fleetOf) largest() []Largest {
	out := make([]Largest, len(f.members))
	for n := range f.members {
		l := &out[n]
		*l = Largest{Name: f.name(n), Names: len(f.plan.Images[n].Names), Digest: f.plan.Images[n].Digest, UniqueContent: units.Unknown(), Waste: units.Unknown(), index: n}
		for _, b := range f.members[n].blobs {
			l.Transfer += f.blobs[b].size
			if f.blobs[b].only != many {
				l.Unique += f.blobs[b].size
			}
		}
	}
	slices.SortFunc(out, func(a, b Largest) int {
		return cmp.Or(cmp.Compare(b.Unique, a.Unique), cmp.Compare(b.Transfer, a.Transfer), cmp.Compare(a.Name, b.Name), cmp.Compare(a.index, b.index))
	})
	return out
}

// first is the year of the first release of Docker: there are no earlier images.
const first = 2013

// Dates of images.
const (
	undated = -1 - iota
	implausible
)

// month is when an image was made, as a number of months since the year 0; undated; or implausible.
func month(created *time.Time, now time.Time) int {
	if created == nil {
		return undated
	}
	t := created.UTC()
	switch {
	// Build systems that write no date write one of these: Unix's and zip's first, with the second that some add.
	case t.Unix() >= -1 && t.Unix() <= 1, t.Year() == 1980 && t.YearDay() == 1:
		return undated
	case t.Year() < first, !now.IsZero() && t.After(now.Add(24*time.Hour)):
		return implausible
	}
	return 12*t.Year() + int(t.Month()) - 1
}

// plausible is the date of an image, if it has one that can be.
func plausible(created *time.Time, now time.Time) *time.Time {
	if month(created, now) < 0 {
		return nil
	}
	return created
}

// growth divides the blobs by the month of the earliest image that has each.
func (f *fleetOf) growth() Growth {
	when := make([]int, len(f.blobs))
	months := map[int]*Month{}
	g := Growth{Months: []Month{}}
	of := func(m int) *Month {
		switch m {
		case undated:
			return &g.Undated
		case implausible:
			return &g.Implausible
		}
		if months[m] == nil {
			months[m] = &Month{Month: time.Date(m/12, time.Month(m%12+1), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")}
		}
		return months[m]
	}
	for i := range when {
		when[i] = implausible - 1
	}
	for n := range f.members {
		m := month(f.plan.Images[n].Created, f.now)
		of(m).Images++
		for _, b := range f.members[n].blobs {
			// A month is better than none, an earlier one better than a later one, no date better than a wrong one.
			if w := when[b]; w < 0 && m > w || m >= 0 && m < w {
				when[b] = m
			}
		}
	}
	for i, m := range when {
		of(m).Bytes += f.blobs[i].size
	}
	for _, m := range months {
		g.Months = append(g.Months, *m)
	}
	slices.SortFunc(g.Months, func(a, b Month) int { return cmp.Compare(a.Month, b.Month) })
	return g
}
