package advice_test

import (
	"testing"

	"tare/internal/testkit"
)

func TestJDKFiles(t *testing.T) {
	const rule = "jdk-files"
	jdk := []E{kib("opt/java/bin/java", 5), kib("opt/java/bin/javac", 20), kib("opt/java/lib/modules", 100), kib("opt/java/jmods/java.base.jmod", 60), kib("opt/java/lib/src.zip", 40), kib("opt/java/lib/ct.sym", 9)}
	one(t, image(t, distribution(), step{"COPY /opt/java /opt/java", jdk}), rule, 2, 129, "of a JDK in the image that its runtime does not need, most in /opt/java/jmods", "copy a JRE, or a runtime made with jlink, if the program compiles nothing when it runs")
	// A JRE, a directory that only looks like it, the base image, and what a package manager installed.
	none(t, image(t, distribution(), step{"COPY /opt/java /opt/java", []E{jdk[0], jdk[2]}}), rule)
	none(t, image(t, distribution(), step{"COPY . .", []E{kib("app/lib/src.zip", 40), kib("app/bin/jar", 40), kib("app/jmods/x.jmod", 9)}}), rule)
	none(t, image(t, distribution(jdk...), step{"RUN x", []E{kib("x", 1)}}), rule)
	status := testkit.File("var/lib/dpkg/status", "Package: openjdk-17-jdk\nStatus: install ok installed\nVersion: 17\nArchitecture: amd64\n\n")
	list := testkit.File("var/lib/dpkg/info/openjdk-17-jdk:amd64.list", "/opt/java/bin/java\n/opt/java/bin/javac\n/opt/java/lib/modules\n/opt/java/jmods/java.base.jmod\n/opt/java/lib/src.zip\n/opt/java/lib/ct.sym\n")
	none(t, image(t, distribution(), step{"RUN apt-get install", append([]E{status, list}, jdk...)}), rule)
}
