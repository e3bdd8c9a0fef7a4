package page

import _ "embed" // what shows every file of a page that is served

// The files of a page that `tare view --web` serves: a section of its own, with a script and
// a style that no other page has.
var (
	//go:embed files.js
	filesJS string
	//go:embed files.css
	filesCSS string
)

// filesSection is where the script puts them.
const filesSection = "<section id=\"files\"><h2>Files</h2></section>\n"
