package page

import (
	"crypto/sha256"
	_ "embed" // what shows the files of a page that is served
	"encoding/base64"
	"fmt"
	"strings"
)

//go:embed files.js
var filesJS string

//go:embed files.css
var filesCSS string

// head begins the page. One that is served has its policy in the answer's header.
func (p *Page) head(b *strings.Builder) {
	served, policy, css := "", fmt.Sprintf("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'\">\n", hash(pageCSS), hash(pageJS)), pageCSS
	if p.Served {
		served, policy, css = " data-served", "<link rel=\"icon\" href=\"data:,\">\n", pageCSS+filesCSS
	}
	fmt.Fprintf(b, "<!doctype html>\n<html lang=\"en\"%s><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n%s"+
		"<meta name=\"referrer\" content=\"no-referrer\"><title>%s – tare</title>\n<style%s>%s</style></head><body><main>\n<h1>%s</h1>\n", served, policy, esc(p.Title), p.nonce(), css, esc(p.Title))
}

// script adds a script that the policy lets run.
func (p *Page) script(b *strings.Builder, js string) {
	fmt.Fprintf(b, "<script%s>%s</script>\n", p.nonce(), js)
}

// nonce is the attribute of what may run on a page that is served.
func (p *Page) nonce() string {
	if p.Nonce == "" {
		return ""
	}
	return " nonce=\"" + esc(p.Nonce) + "\""
}

// hash names a script or a style in a policy.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
