module kindlings/web

go 1.26.0
