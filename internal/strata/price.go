package strata

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"

	"tare/internal/request"
)

// Prices are what bytes cost. GB are 1,000,000,000 bytes.
type Prices struct {
	// Storage is the price of a GB for a month, Egress that of a GB that leaves a registry; a negative one was not given.
	Storage, Egress float64
	Currency        string
	before          bool // the currency stands before the number
}

// ParsePrices reads storage=PRICE and egress=PRICE: a number, with a currency before or behind it. The error is a request.Error; the Prices
// are nil for no words.
func ParsePrices(words []string) (*Prices, error) {
	if len(words) == 0 {
		return nil, nil //nolint:nilnil // no prices are no error
	}
	p := &Prices{Storage: -1, Egress: -1}
	given := false
	for _, w := range words {
		what, text, _ := strings.Cut(w, "=")
		at := map[string]*float64{"storage": &p.Storage, "egress": &p.Egress}[what]
		if at == nil {
			return nil, request.Errorf("--price %q: want storage=PRICE (of a GB for a month) or egress=PRICE (of a GB), such as storage=0.10USD", w)
		}
		if *at >= 0 {
			return nil, request.Errorf("--price %s: the price of %s is there twice", w, what)
		}
		n, currency, before, err := money(text)
		if err != nil {
			return nil, request.Errorf("--price %s: %w", w, err)
		}
		if given && currency != p.Currency {
			return nil, request.Errorf("--price %s: one price is in %q and the other in %q; they cannot be added", w, p.Currency, currency)
		}
		*at, p.Currency, p.before, given = n, currency, before, true
	}
	return p, nil
}

// money reads a number with a currency before or behind it.
func money(text string) (n float64, currency string, before bool, err error) {
	digit := func(r rune) bool { return r >= '0' && r <= '9' || r == '.' || r == '-' || r == '+' }
	from := strings.IndexFunc(text, digit)
	if from < 0 {
		return 0, "", false, fmt.Errorf("%q is not a price: want a number, such as 0.10USD", text)
	}
	until := from + len(text[from:])
	if end := strings.IndexFunc(text[from:], func(r rune) bool { return !digit(r) }); end >= 0 {
		until = from + end
	}
	head, tail := strings.TrimSpace(text[:from]), strings.TrimSpace(text[until:])
	currency, before = head+tail, head != ""
	unfit := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Sc, r) }
	if head != "" && tail != "" || len([]rune(currency)) > 8 || strings.ContainsFunc(currency, unfit) {
		return 0, "", false, fmt.Errorf("%q is not a price: want a number and a currency, such as 0.10USD", text)
	}
	n, err = strconv.ParseFloat(text[from:until], 64)
	switch {
	case err != nil, strings.ContainsAny(text[from:until], "+-") && n >= 0:
		return 0, "", false, fmt.Errorf("%q is not a price: want a number, such as 0.10USD", text)
	case n < 0:
		return 0, "", false, fmt.Errorf("%q is negative", text)
	case n > 1e6:
		return 0, "", false, fmt.Errorf("%q is more than a million for a GB", text)
	}
	return n, currency, before, nil
}

// Costs are bytes in money.
type Costs struct {
	Currency string `json:"currency"`
	// StoragePrice is that of a GB for a month, EgressPrice that of a GB; null if it was not given.
	StoragePrice *float64 `json:"storagePrice"`
	EgressPrice  *float64 `json:"egressPrice"`
	// Storage is what all registries store, each month.
	Storage *float64 `json:"storage"`
	// Pull is what a host costs that pulls all images, Nodes what all nodes of the cluster cost that pull what they hold.
	Pull  *float64 `json:"pull"`
	Nodes *float64 `json:"nodes"`

	before bool
}

// ChangeCost is a change in money.
type ChangeCost struct {
	// Storage is what registries store less, each month; negative if they store more.
	Storage *float64 `json:"storage"`
	// Pull is what a host that had all of the images costs, Nodes what the nodes of the cluster cost.
	Pull  *float64 `json:"pull"`
	Nodes *float64 `json:"nodes"`
}

// Text is an amount of money for people: two digits behind the point, and of less than 0.10 two that are not zeros.
func (c *Costs) Text(n float64) string {
	digits := 2
	for a := math.Abs(n); a > 0 && a < 0.095 && digits < 6; a *= 10 {
		digits++
	}
	s := strconv.FormatFloat(n, 'f', digits, 64)
	for i := strings.IndexByte(s, '.') - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	switch {
	case c.Currency == "":
		return s
	case c.before:
		return c.Currency + s
	}
	return s + " " + c.Currency
}

// of is so many bytes in money, to a millionth; nil for a price that was not given.
func of(bytes int64, price float64) *float64 {
	if price < 0 {
		return nil
	}
	n := math.Round(float64(bytes)/1e9*price*1e6) / 1e6
	return &n
}

// of turns the bytes of a result into money.
func (p *Prices) of(r *Result) {
	stored, held := int64(0), int64(0)
	for _, h := range r.Registries {
		stored += h.Bytes
	}
	for _, n := range r.Nodes {
		held += n.Holds
	}
	together, _ := r.Bytes.Blob.Together.Int()
	r.Costs = &Costs{Currency: p.Currency, before: p.before, Storage: of(stored, p.Storage), Pull: of(together, p.Egress)}
	if len(r.Nodes) > 0 {
		r.Costs.Nodes = of(held, p.Egress)
	}
	if p.Storage >= 0 {
		r.Costs.StoragePrice = &p.Storage
	}
	if p.Egress >= 0 {
		r.Costs.EgressPrice = &p.Egress
	}
	for i := range r.WhatIf {
		c := &r.WhatIf[i]
		c.Costs = &ChangeCost{Storage: of(c.Freed-c.Added, p.Storage)}
		if c.Kind != Rebase {
			continue
		}
		c.Costs.Pull = of(c.Pulled, p.Egress)
		if len(r.Nodes) > 0 {
			sum := int64(0)
			for _, n := range c.Nodes {
				sum += n.Pulled
			}
			c.Costs.Nodes = of(sum, p.Egress)
		}
	}
}
