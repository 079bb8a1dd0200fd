package render

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
)

var drivePath = regexp.MustCompile(`^[a-zA-Z]:/`)

// unpack reads the files of a packaged chart that stands at the named file (pkg/chart/loader/archive.go
// LoadArchiveFiles, but bounded over all archives of a chart, and in tar headers too).
func (l *chartLoader) unpack(data []byte, at string) ([]rawFile, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, archiveError(at, err)
	}
	plain := &io.LimitedReader{R: zipped, N: 2 * loader.MaxDecompressedChartSize}
	tr := tar.NewReader(plain)
	left := loader.MaxDecompressedChartSize
	var out []rawFile
	for {
		hd, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			if plain.N <= 0 {
				err = errArchiveSize
			}
			return nil, archiveError(at, err)
		}
		if hd.FileInfo().IsDir() || hd.Typeflag == tar.TypeXGlobalHeader || hd.Typeflag == tar.TypeXHeader {
			continue
		}
		name, err := archiveName(hd.Name)
		if err != nil {
			return nil, archiveError(at, err)
		}
		if hd.Size > left {
			return nil, archiveError(at, errArchiveSize)
		}
		if hd.Size > loader.MaxDecompressedFileSize {
			return nil, archiveError(at, boundError(fmt.Sprintf("decompressed chart file %q is larger than the maximum file size %d",
				hd.Name, loader.MaxDecompressedFileSize)))
		}
		if err := l.take(int(hd.Size), at); err != nil {
			return nil, err
		}
		data, err := io.ReadAll(io.LimitReader(tr, hd.Size))
		if err != nil {
			return nil, archiveError(at, err)
		}
		left -= int64(len(data))
		out = append(out, rawFile{name: name, at: filePlace{path: at, packed: true}, data: bytes.TrimPrefix(data, utf8BOM)})
	}
	if len(out) == 0 {
		return nil, archiveError(at, errors.New("no files in chart archive"))
	}
	return out, nil
}

// boundError is an error of an archive that is too large.
type boundError string

func (e boundError) Error() string { return string(e) }

var errArchiveSize = boundError(fmt.Sprintf("decompressed chart is larger than the maximum file size %d", loader.MaxDecompressedChartSize))

func archiveError(at string, err error) *Error {
	e := &Error{File: at, Msg: err.Error(), Hint: "package the chart again with `helm package`"}
	if errors.As(err, new(boundError)) {
		e.Limit, e.Hint = true, ""
	}
	return e
}

// archiveName is the name within the chart of an entry of its archive, which has the chart's name in front.
func archiveName(entry string) (string, error) {
	delimiter := "/"
	if strings.Contains(entry, `\`) {
		delimiter = `\`
	}
	top, name, _ := strings.Cut(entry, delimiter)
	name = strings.ReplaceAll(name, delimiter, "/")
	if path.IsAbs(name) {
		return "", errors.New("chart illegally contains absolute paths")
	}
	name = path.Clean(name)
	switch {
	case name == ".":
		return "", fmt.Errorf("chart illegally contains content outside the base directory: %q", entry)
	case strings.HasPrefix(name, ".."):
		return "", errors.New("chart illegally references parent directory")
	case drivePath.MatchString(name):
		return "", errors.New("chart contains illegally named files")
	case top == "Chart.yaml":
		return "", errors.New("chart yaml not in base directory")
	}
	return name, nil
}
