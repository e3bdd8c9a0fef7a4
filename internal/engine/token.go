package engine

import "time"

// TokenRequest is where a registry sends a builder for a token.
type TokenRequest struct {
	Registry string // its HOST:PORT
	Realm    string // URL of the token server
	Service  string
	Scopes   []string
}

// Token is what a token server gave.
type Token struct {
	Token   string
	Issued  time.Time // zero if it does not say
	Expires int       // seconds; 0 if it does not say
}
