kubectl create token default
