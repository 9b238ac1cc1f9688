module media-platform/local/cluster/supervisor

go 1.26
