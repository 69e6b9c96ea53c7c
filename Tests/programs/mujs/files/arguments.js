print(scriptArgs.length, scriptArgs[0], scriptArgs[1]);
