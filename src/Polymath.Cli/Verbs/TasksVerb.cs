using System.CommandLine;
using Polymath.Cli.Common;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath tasks</c>: what a library holds.</summary>
internal static class TasksVerb
{
    public static Command Create(Streams streams) => new("tasks", "List, show, remove learned tasks; prune old generations.") { List(streams), Show(streams), Remove(streams), Prune(streams) };

    private static Command List(Streams streams)
    {
        var settings = new Settings();
        var command = new Command("list", Verb.WithExamples("List the tasks of a library.", "tasks list --library library")) { settings.Library, settings.Json };
        command.Runs(streams, (result, _) =>
        {
            var library = TaskLibrary.Open(result.GetValue(settings.Library)!);
            var tasks = library.Tasks.Select(library.Load).ToList();
            if (result.GetValue(settings.Json)) streams.WriteJson(tasks.Select(Facts));
            else if (tasks.Count == 0) streams.Error.WriteLine($"{result.GetValue(settings.Library)}: no tasks yet; polymath adapt adds one");
            else streams.WriteTable(["task", "method", ">labels", ">rows", "backbone"], tasks.Select(t => new[] { t.Name, t.Method, $"{t.Labels.Count}", $"{t.Training?.Rows:N0}", t.Backbone?.Name ?? "none" }));
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static Command Show(Streams streams)
    {
        var settings = new Settings();
        var name = new Argument<string>("task") { Description = "Name of the task" };
        var command = new Command("show", Verb.WithExamples("Show everything a task's file says.", "tasks show question-type")) { name, settings.Library };
        command.Runs(streams, (result, _) =>
        {
            streams.Output.WriteLine(TaskLibrary.Open(result.GetValue(settings.Library)!).Load(result.GetValue(name)!).ToJson());
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static Command Remove(Streams streams)
    {
        var settings = new Settings();
        var name = new Argument<string>("task") { Description = "Name of the task" };
        var command = new Command("remove", Verb.WithExamples("Remove a task; older generations still hold it until they are pruned.", "tasks remove question-type")) { name, settings.Library };
        command.Runs(streams, (result, _) =>
        {
            TaskLibrary.Open(result.GetValue(settings.Library)!).Remove(result.GetValue(name)!);
            streams.Error.WriteLine($"removed '{result.GetValue(name)}'; older generations hold it until polymath tasks prune");
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static Command Prune(Streams streams)
    {
        var settings = new Settings();
        var keep = new Option<int>("--keep") { Description = "Generations to keep, the current one included", DefaultValueFactory = _ => 1 };
        var command = new Command("prune", Verb.WithExamples("Delete old generations of a library.", "tasks prune --keep 3")) { settings.Library, keep };
        command.Runs(streams, (result, _) =>
        {
            TaskLibrary.Open(result.GetValue(settings.Library)!).Prune(result.GetValue(keep));
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static object Facts(TaskArtifact task) => new
    {
        name = task.Name, method = task.Method, labels = task.Labels, rows = task.Training?.Rows, backbone = task.Backbone?.Name, metrics = task.Metrics,
    };
}
