using System.CommandLine;
using Polymath.Cli.Common;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath tasks</c>: what a library holds.</summary>
internal static class TasksVerb
{
    public static Command Create(Streams streams) => Verb.Group("tasks", "List, show, remove learned tasks; prune old generations.", ["polymath tasks list", "polymath tasks show question-type", "polymath tasks prune --keep 3"], List(streams), Show(streams), Remove(streams), Prune(streams));

    private static Command List(Streams streams)
    {
        var settings = new Settings();
        var command = Verb.Create("list", "List the tasks of a library.",
            "polymath tasks list --library library");
        command.Takes(settings.Library, settings.Json);
        command.Runs(streams, (result, _) =>
        {
            using var library = TaskLibrary.Open(result.GetValue(settings.Library)!);
            var tasks = library.Tasks;
            foreach (var broken in tasks.Where(task => task.Problem is not null)) streams.Error.WriteLine($"polymath: {broken.Problem}");
            if (result.GetValue(settings.Json)) streams.WriteJson(tasks.Where(task => task.Artifact is not null).Select(task => Facts(task.Artifact!)));
            else if (tasks.Count == 0) streams.Error.WriteLine($"{library.Folder}: no tasks yet; polymath adapt adds one");
            else streams.WriteTable(["task", "kind", "method", ">labels", ">rows", "backbone"],
                tasks.Select(task => task.Artifact).OfType<TaskArtifact>().Select(t => new[] { t.Name, t.Kind.Name(), t.Method, $"{t.Labels.Count}", $"{t.Training?.Rows ?? 0:N0}", t.Backbone?.Name ?? "none" }));
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static Command Show(Streams streams)
    {
        var settings = new Settings();
        var name = new Argument<string>("task") { Description = "Name of the task" };
        var command = Verb.Create("show", "Show everything a task's file says.",
            "polymath tasks show question-type");
        command.Takes(name, settings.Library);
        command.Runs(streams, (result, _) =>
        {
            using var library = TaskLibrary.Open(result.GetValue(settings.Library)!);
            streams.Output.WriteLine(System.Text.Json.JsonSerializer.Serialize(library.Load(result.GetValue(name)!), TaskJson.Default.TaskArtifact));
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static Command Remove(Streams streams)
    {
        var settings = new Settings();
        var name = new Argument<string>("task") { Description = "Name of the task" };
        var command = Verb.Create("remove", "Remove a task; older generations still hold it until they are pruned.",
            "polymath tasks remove question-type");
        command.Takes(name, settings.Library);
        command.Runs(streams, (result, _) =>
        {
            using var library = TaskLibrary.Open(result.GetValue(settings.Library)!);
            library.Remove(result.GetValue(name)!);
            streams.Error.WriteLine($"removed '{result.GetValue(name)}'; older generations hold it until polymath tasks prune");
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static Command Prune(Streams streams)
    {
        var settings = new Settings();
        var keep = new Option<int>("--keep") { Description = "Generations to keep, the current one included", DefaultValueFactory = _ => 1 }.AtLeast(1);
        var command = Verb.Create("prune", "Delete old generations of a library.",
            "polymath tasks prune --keep 3");
        command.Takes(settings.Library, keep);
        command.Runs(streams, (result, _) =>
        {
            using var library = TaskLibrary.Open(result.GetValue(settings.Library)!);
            var report = library.Prune(result.GetValue(keep));
            streams.Output.WriteLine($"removed {report.Generations.Count:N0} generations and {report.TaskFolders:N0} task folders{(report.InUse.Count == 0 ? "" : $"; {report.InUse.Count:N0} in use stay")}");
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static object Facts(TaskArtifact task) => new
    {
        name = task.Name,
        kind = task.Kind.Name(),
        method = task.Method,
        labels = task.Labels,
        rows = task.Training?.Rows,
        backbone = task.Backbone?.Name,
        metrics = task.Metrics,
    };
}
