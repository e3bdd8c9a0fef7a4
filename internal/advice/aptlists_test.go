package advice_test

import "testing"

func TestAptLists(t *testing.T) {
	const rule = "apt-lists"
	lists := []E{kib("var/lib/apt/lists/mirror_dists_bookworm_main_binary-amd64_Packages", 60), kib("var/lib/apt/extended_states", 1)}
	one(t, image(t, distribution(), step{"RUN apt-get update", lists}), rule, 2, 60, "of apt's package lists", "rm -rf /var/lib/apt/lists/* in the same RUN")
	none(t, image(t, distribution(), step{"RUN apt-get update", lists[1:]}), rule)
	none(t, image(t, distribution(lists...), step{"RUN true", nil}), rule)
	none(t, image(t, distribution(), step{"RUN apt-get update", lists}), "package-cache")
	none(t, image(t, distribution(), step{"RUN apt-get update", lists}, step{"RUN rm -r /var/lib/apt/lists", []E{whiteout("var/lib/apt/lists")}}), rule)
}
