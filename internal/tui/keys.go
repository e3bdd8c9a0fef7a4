package tui

// action is something that a key does.
type action int

const (
	doNothing action = iota
	doUp
	doDown
	doPageUp
	doPageDown
	doHalfUp
	doHalfDown
	doTop
	doBottom
	doOpen
	doClose
	doToggle
	doToggleAll
	doEnter
	doPane
	doPaneBack
	doTab1
	doTab2
	doTab3
	doTab4
	doAllLayers
	doThisLayer
	doUpToLayer
	doAnchor
	doExtendUp
	doExtendDown
	doFilter
	doClearFilter
	doSort
	doHeavy
	doAdded
	doChanged
	doRemoved
	doUnchanged
	doAttributes
	doPackage
	doLayer
	doLine
	doBack
	doRead
	doExtract
	doCopy
	doMeasure
	doHelp
	doQuit
)

// Binding is what some keys do.
type Binding struct {
	Keys  []string // as the terminal reports them
	Shown string   // as people read them
	Does  string
	Group string
	do    action
}

// Bindings are all keys, in the order in which help shows them. Where dive has a key for
// something, it is here, too.
func Bindings() []Binding {
	return []Binding{
		{[]string{"up", "k"}, "↑ k", "up", "Move", doUp},
		{[]string{"down", "j"}, "↓ j", "down", "Move", doDown},
		{[]string{"pgup", "u"}, "PgUp u", "a page up", "Move", doPageUp},
		{[]string{"pgdown", "d"}, "PgDn d", "a page down", "Move", doPageDown},
		{[]string{"ctrl+p"}, "Ctrl+P", "half a page up", "Move", doHalfUp},
		{[]string{"ctrl+d"}, "Ctrl+D", "half a page down", "Move", doHalfDown},
		{[]string{"home", "g"}, "Home g", "to the first row", "Move", doTop},
		{[]string{"end", "G"}, "End G", "to the last row", "Move", doBottom},
		{[]string{"tab"}, "Tab", "to the other pane", "Move", doPane},
		{[]string{"shift+tab"}, "Shift+Tab", "to the next list: layers, packages, waste, steps", "Move", doPaneBack},
		{[]string{"1"}, "1", "layers; of several images, causes", "Move", doTab1},
		{[]string{"2"}, "2", "packages; of several images, the images", "Move", doTab2},
		{[]string{"3"}, "3", "waste: what is hidden, and who hid it", "Move", doTab3},
		{[]string{"4"}, "4", "steps of the history, with lines of the Dockerfile", "Move", doTab4},

		{[]string{"right", "l"}, "→ l", "open a directory or a cause", "Tree", doOpen},
		{[]string{"left", "h"}, "← h", "close it, or go to the one that it is in", "Tree", doClose},
		{[]string{"space"}, "Space", "open or close", "Tree", doToggle},
		{[]string{"ctrl+space", "ctrl+@", "Z"}, "Ctrl+Space Z", "close all, or open all", "Tree", doToggleAll},
		{[]string{"w"}, "w", "heaviest path: open what holds 5% or more, go to the heaviest", "Tree", doHeavy},
		{[]string{"s"}, "s", "sort by the next column, name or count", "Tree", doSort},
		{[]string{"/", "ctrl+f"}, "/ Ctrl+F", "filter; Tab there: text, glob, regex", "Tree", doFilter},
		{[]string{"esc"}, "Esc", "drop the filter and what was chosen; all layers", "Tree", doClearFilter},
		{[]string{"enter"}, "Enter", "read a file, open a directory; in a list: show its files", "Tree", doEnter},

		{[]string{"a"}, "a", "all layers", "Layers", doAllLayers},
		{[]string{"ctrl+l"}, "Ctrl+L", "only the layer at the cursor", "Layers", doThisLayer},
		{[]string{"ctrl+a"}, "Ctrl+A", "all layers up to the cursor (files: added)", "Layers", doUpToLayer},
		{[]string{"v"}, "v", "a range, from here to the cursor", "Layers", doAnchor},
		{[]string{"shift+up", "K"}, "Shift+↑ K", "extend the range upwards", "Layers", doExtendUp},
		{[]string{"shift+down", "J"}, "Shift+↓ J", "extend the range downwards", "Layers", doExtendDown},

		{[]string{"A"}, "A", "show or hide what is added", "Show", doAdded},
		{[]string{"M"}, "M", "show or hide what is changed", "Show", doChanged},
		{[]string{"R", "ctrl+r"}, "R Ctrl+R", "show or hide what is removed", "Show", doRemoved},
		{[]string{"U", "ctrl+u"}, "U Ctrl+U", "show or hide what is unchanged", "Show", doUnchanged},
		{[]string{"i", "ctrl+b"}, "i Ctrl+B", "show or hide modes and owners", "Show", doAttributes},
		{[]string{"m"}, "m", "the next measure of a comparison", "Show", doMeasure},

		{[]string{"P"}, "P", "from a file to its package", "Jump", doPackage},
		{[]string{"L"}, "L", "from a file or package to its layer", "Jump", doLayer},
		{[]string{"D"}, "D", "from a file or layer to its line", "Jump", doLine},
		{[]string{"ctrl+o", "backspace"}, "Ctrl+O Backspace", "back", "Jump", doBack},

		{[]string{"o"}, "o", "read a text file", "Do", doRead},
		{[]string{"e", "ctrl+e"}, "e Ctrl+E", "extract a file or directory to disk", "Do", doExtract},
		{[]string{"y"}, "y", "copy the path", "Do", doCopy},
		{[]string{"?"}, "?", "this help", "Do", doHelp},
		{[]string{"q", "ctrl+c"}, "q Ctrl+C", "leave", "Do", doQuit},
	}
}

// actions maps keys to what they do.
func actions() map[string]action {
	m := map[string]action{}
	for _, b := range Bindings() {
		for _, k := range b.Keys {
			m[k] = b.do
		}
	}
	return m
}
